/**
 * Gather(decoded table, indices) ⟶ decoded(Gather(table, indices)): only the rows that are looked up are decoded, so that the table stays narrow in memory.
 */
import type { Graph } from '../../../src/ir/graph.js';
import { looksUp, type Target } from '../../../src/ir/targets/targets.js';
import { equalShapes, type Shape, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { decoded, type Parts } from './decode.js';
import type { WeightSite, WeightUse } from './sites.js';

/**
 * Looks rows up in the parts of a stored table and decodes them; false where the use is no Gather of rows with their own scales, and where the
 * target has no kernels for it, because every row would go to the CPU and back.
 */
export function lookUpNarrow(
  { tensor }: WeightSite,
  { node, slot, views }: WeightUse,
  parts: Parts,
  target: Target,
): boolean {
  const [numbers] = parts;
  const indices = node.inputs[1];
  if (!node.is('Gather') || node.hasReference || slot !== 0 || views.length > 0 || !indices) return false;
  if (parts.some((part) => part?.elem && !looksUp(target, part.elem))) return false;
  const axis = node.int('axis', 0) + (node.int('axis', 0) < 0 ? tensor.shape.length : 0);
  const isCut = numbers.tensor !== undefined && !equalShapes(numbers.tensor.shape, tensor.shape);
  if (isCut && (axis !== 0 || !indices.shape)) return false;
  const rows = tensor.shape[axis];
  if (parts.some((part) => part?.tensor?.shape[axis] !== rows)) return false;
  const { graph, output } = node;
  const shape = lookedUp(tensor.shape, indices.shape, axis);
  const looked = parts.map((part) => part && gathered(graph, part, indices, axis, node.name)) as unknown as Parts;
  const result = decoded(graph, looked, shape, tensor.type);
  result.type = output.type ?? result.type;
  result.name = output.name;
  graph.replaceUses(output, result);
  graph.remove(node);
  return true;
}

const lookedUp = (table: readonly number[], indices: Shape | undefined, axis: number): Shape | undefined =>
  indices && [...table.slice(0, axis), ...indices, ...table.slice(axis + 1)];

function gathered(graph: Graph, part: Value, indices: Value, axis: number, name: string): Value {
  const { output } = graph.add('Gather', [part, indices], { name, attributes: { axis } });
  const shape = part.tensor && lookedUp(part.tensor.shape, indices.shape, axis);
  output.type = part.elem && tensorType(part.elem, shape);
  return output;
}
