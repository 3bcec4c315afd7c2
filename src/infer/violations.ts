/** What an operator cannot take: inputs of types or sizes that no run of it accepts. */

import type { Node } from '../ir/node.js';
import { scopesIn } from '../ir/scopes/scopes.js';
import { typeText } from '../ir/types.js';
import { firstOpset, schemaOf } from '../onnx/schemas/schema.js';
import type { Call } from '../ops/call.js';
import { rowOf } from '../ops/registry.js';
import { FrameCall } from './call.js';
import { elementsAgainst } from './elements.js';
import type { Inference } from './inference.js';

/** Inputs of a node that its operator refuses, whatever the symbolic dims are. */
export interface Violation {
  readonly node: Node;
  readonly expected: string;
  readonly found: string;
  /** All of it, in one line. */
  readonly text: string;
}

function violation(node: Node, expected: string, found: string): Violation {
  return { node, expected, found, text: `${node.label}: expected ${expected}; found ${found}` };
}

const foundBy = (call: Call): string =>
  call.node.inputs.map((value) => (value ? typeText(call.typeIn(value)) : 'none')).join(' and ');

/** Ranks and sizes that the operator refuses. */
export function sizesAgainst(call: Call): Violation | undefined {
  const expected = rowOf(call.node)?.demands?.(call);
  return expected === undefined ? undefined : violation(call.node, expected, foundBy(call));
}

/**
 * Every violation of the main graph and its bodies. A branch or the body of a loop may never run, so that sizes there refute
 * nothing: in bodies only element types count. The bodies of functions are not looked into.
 */
export function violationsOf(inference: Inference): Violation[] {
  const { model, main } = inference;
  const found: Violation[] = [];
  for (const graph of scopesIn(inference.model.graph))
    for (const node of graph.nodes()) {
      const { opset } = node;
      if (opset === undefined || model.functionOf(node)) continue;
      const first = firstOpset(node.opType, node.domain);
      if (first !== undefined && first > opset) {
        found.push(violation(node, `opset ${first} or newer, the first that has it`, `opset ${opset}`));
        continue;
      }
      const call = new FrameCall(node, opset, main, () => []);
      const schema = schemaOf(node.opType, node.domain, opset);
      const expected = schema && elementsAgainst(schema, call);
      const one = expected !== undefined ? violation(node, expected, foundBy(call)) : undefined;
      const all = one ?? (graph === model.graph ? sizesAgainst(call) : undefined);
      if (all) found.push(all);
    }
  return found;
}
