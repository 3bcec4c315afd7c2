/** What an operator cannot take: inputs of types or sizes that no run of it accepts. */
import type { Node } from '../ir/node.js';
import { scopesIn } from '../ir/scopes.js';
import { typeText } from '../ir/types.js';
import { firstOpset, schemaOf } from '../onnx/schema.js';
import { FrameCall } from './call.js';
import { elementsAgainst } from './elements.js';
import type { Inference } from './inference.js';
import { demandOf } from './sizes.js';

/** Inputs of a node that its operator refuses, whatever the symbolic dims are. */
export interface Violation {
  readonly node: Node;
  readonly expected: string;
  readonly found: string;
  /** All of it, in one line. */
  readonly text: string;
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
        const [expected, given] = [`opset ${first} or newer, the first that has it`, `opset ${opset}`];
        found.push({
          node,
          expected,
          found: given,
          text: `${node.label}: expected ${expected}; found ${given}`,
        });
        continue;
      }
      const call = new FrameCall(node, opset, main, () => []);
      const schema = schemaOf(node.opType, node.domain, opset);
      const expected =
        (schema && elementsAgainst(schema, call)) ?? (graph === model.graph ? demandOf(node)?.(call) : undefined);
      if (expected === undefined) continue;
      const inputs = node.inputs.map((value) => (value ? typeText(main.typeOf(value)) : 'none')).join(' and ');
      found.push({ node, expected, found: inputs, text: `${node.label}: expected ${expected}; found ${inputs}` });
    }
  return found;
}
