/** What the readers of scores and of weights have in common: nodes that change no number, and views. */
import type { Facts } from '../../../src/infer/index.js';
import type { Node } from '../../../src/ir/node.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { scalarOf } from '../../../src/match/scalar.js';
import { type Axes, movedAxes, viewingOf } from '../../../src/match/view.js';

/** Why a Cast changes more than the precision that the scores are computed in; undefined where it does not. */
function castMiss(node: Node): string | undefined {
  const [from, to] = [node.inputs[0]?.elem, node.outputs[0]?.elem];
  const isKnown = from !== undefined && (from === to || (real.has(from) && to !== undefined && real.has(to)));
  return isKnown ? undefined : `expected a Cast between floats; found Cast from ${from} to ${to}`;
}
const real: ReadonlySet<DataType> = new Set(['float16', 'bfloat16', 'float32']);

/** Dropout does nothing at inference. */
function dropoutMiss(node: Node, facts: Facts): string | undefined {
  const isTraining = node.inputs[2];
  if (node.outputs[1]?.uses.size) return 'the mask of the Dropout is used';
  return !isTraining || scalarOf(isTraining, facts) === 0 ? undefined : 'a Dropout that may be training';
}

/** Why a Cast or a Dropout is more than nothing; undefined where it is not, `null` for any other node. */
export function passMiss(node: Node, facts: Facts): string | undefined | null {
  if (node.is('Cast')) return castMiss(node);
  return node.is('Dropout') ? dropoutMiss(node, facts) : null;
}

/** The axes of a value that is a view, from those of what it is a view of; undefined where its dims do not fall on them. */
export const viewedAxes = (value: Value, axes: Axes): Axes | undefined => {
  const movement = viewingOf(value);
  return movement && movedAxes(movement, axes, value.shape);
};
