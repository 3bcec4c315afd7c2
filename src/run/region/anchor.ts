/** What tells repeats apart that share all their weights. */
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { elementCount, type Tensor } from '../../ir/tensor.js';
import { isFloat } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';

/**
 * Where all weights are shared, as ALBERT's are: a constant of one tensor for each segment, by which segments are told apart
 * when the passes are done. The smallest that is no number of the arithmetic; a vector is a bias or a scale. `partners`: of each
 * segment, what plays the part of the third's nodes.
 */
export function anchorOf(
  { graph }: Model,
  third: readonly Node[],
  partners: readonly ReadonlyMap<Node, Node>[],
): readonly Value[] | undefined {
  const weights = third.flatMap(({ inputs }) => inputs.filter((value) => isVector(value?.tensor)) as Value[]);
  const size = ({ tensor }: Value) => (tensor as Tensor).byteLength;
  const chosen = weights.sort((a, b) => size(a) - size(b))[0];
  if (!chosen) return undefined;
  const places = third.flatMap((node) =>
    node.inputs.flatMap((value, index) => (value === chosen ? [{ node, index }] : [])),
  );
  return partners.map((of) => {
    const own = graph.constant(chosen.tensor as Tensor, chosen.name);
    for (const { node, index } of places) graph.setInput(of.get(node) as Node, index, own);
    return own;
  });
}

const isVector = (tensor: Tensor | undefined): boolean =>
  tensor !== undefined && isFloat(tensor.type) && elementCount(tensor.shape) > 1;
