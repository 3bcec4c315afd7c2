/** Where a variant of a pass runs: what it leaves alone, and what it says nothing of. */
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';

/** What a turn of a pass keeps to. */
export interface EditFilter {
  /** Why a node is to be left as it is. */
  leaves(node: Node): string | undefined;
  /** False for places that another turn of the pass speaks of. */
  isTold(about: Node | Value): boolean;
  /** In front of notes; empty for what was asked for. */
  readonly variant: string;
}

/** What is decided of one block: the variant that is kept, or why none is. */
export type Decision = { readonly kept: number } | { readonly kept: undefined; readonly reason: string };

/** Of a variant by its number; `rest` is decided of all other nodes. */
export function editFilterFor(
  variant: number,
  text: string,
  decided: ReadonlyMap<Node | Graph, Decision>,
  rest: Decision = { kept: 0 },
): EditFilter {
  const decisionOf = (about: Node | Value): Decision => {
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
