/** One node by itself, where a pass has just added it: the rest of the model is as inference left it. */
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { schemaOf } from '../onnx/schemas/schema.js';
import type { KnownValue } from '../ops/call.js';
import { rowOf } from '../ops/registry.js';
import { inferBy } from '../ops/row.js';
import { FrameCall } from './call.js';
import { typeBySchema } from './elements.js';
import { Frame } from './frame.js';
import { unknownsOf } from './unknowns.js';

/** Bodies are as they stand: nothing in them is inferred. */
const asItStands = (body: Graph): KnownValue[] => body.outputs.map(({ type }) => ({ type }));

/** Sets the types of the outputs by those of the inputs, in a frame that knows what values hold; no call of a function. */
export function inferNode(node: Node, frame = new Frame(unknownsOf(node.graph.model), undefined)): void {
  for (const value of node.inputs) if (value && !frame.types.has(value)) frame.types.set(value, value.type);
  const opset = node.opset ?? Number.POSITIVE_INFINITY;
  const call = new FrameCall(node, opset, frame, asItStands);
  const row = rowOf(node);
  if (row) inferBy(row, call);
  const schema = schemaOf(node.opType, node.domain, opset);
  node.outputs.forEach((value, index) => {
    if (!value) return;
    value.type = call.typeOf(index, typeBySchema(schema, call, index));
    frame.types.set(value, value.type);
  });
}
