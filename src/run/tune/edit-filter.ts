/** Restricts a variant of a pass to some nodes, and its notes to those. */
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';

/** The restriction of one turn of a pass. */
export interface EditFilter {
  /** The reason to leave a node as it is; undefined where it may be edited. */
  leaves(node: Node): string | undefined;
  /** False for places that another turn of the pass reports. */
  isTold(about: Node | Value): boolean;
  /** A prefix of notes; empty for the variant that was asked for. */
  readonly variant: string;
}

/** The decision for one block: the variant that is kept, or the reason to keep none. */
export type BlockDecision = { readonly kept: number } | { readonly kept: undefined; readonly reason: string };

/** Makes the filter of a variant, given by its number; `rest` is the decision for nodes that are not in `decided`. */
export function editFilterFor(
  variant: number,
  text: string,
  decided: ReadonlyMap<Node | Graph, BlockDecision>,
  rest: BlockDecision = { kept: 0 },
): EditFilter {
  const decisionOf = (about: Node | Value): BlockDecision => {
    let node = 'opType' in about ? about : (about.producer ?? [...about.uses][0]?.node);
    for (; node; node = node.graph.owner) {
      const found = decided.get(node) ?? decided.get(node.graph);
      if (found) return found;
    }
    return rest;
  };
  return {
    variant: variant === 0 ? '' : text,
    leaves: (node) => {
      const decision = decisionOf(node);
      if (decision.kept === undefined) return decision.reason;
      return decision.kept === variant ? undefined : 'another variant is faster here';
    },
    isTold: (about) => (decisionOf(about).kept ?? 0) === variant,
  };
}
