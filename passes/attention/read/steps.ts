/** What the readers of scores and of weights have in common: nodes that change no number, and views. */
import type { Facts } from '../../../src/infer/index.js';
import type { Node } from '../../../src/ir/node.js';
import type { DataType } from '../../../src/ir/types.js';
import { scalarOf } from '../../../src/match/scalar.js';
import { type Axes, regroup } from '../../../src/match/view.js';

/** Why a Cast changes more than the precision that the scores are computed in; undefined where it does not. */
export function castMiss(node: Node): string | undefined {
  const [from, to] = [node.inputs[0]?.elem, node.outputs[0]?.elem];
  const isKnown = from !== undefined && (from === to || (real.has(from) && to !== undefined && real.has(to)));
  return isKnown ? undefined : `expected a Cast between floats; found Cast from ${from} to ${to}`;
}
const real: ReadonlySet<DataType> = new Set(['float16', 'bfloat16', 'float32']);

/** Dropout does nothing at inference. */
export function dropoutMiss(node: Node, facts: Facts): string | undefined {
  const isTraining = node.inputs[2];
  if (node.outputs[1]?.uses.size) return 'the mask of the Dropout is used';
  return !isTraining || scalarOf(isTraining, facts) === 0 ? undefined : 'a Dropout that may be training';
}

/** The axes of a view op's output, from those of its input; undefined where its dims do not fall on them. */
export function viewedAxes(node: Node, axes: Axes): Axes | undefined {
  if (node.hasReference) return undefined;
  if (node.opType !== 'Transpose') return node.output.shape && regroup(axes, node.output.shape);
  const perm = node.ints('perm') ?? axes.map((_, i) => axes.length - 1 - i);
  return perm.map((axis) => axes[axis] ?? []);
}
