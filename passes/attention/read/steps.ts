/** Shares the steps of both readers, of scores and of weights: nodes that change no number, and views. */
import type { Facts } from '../../../src/infer/index.js';
import type { Node } from '../../../src/ir/node.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { scalarOf } from '../../../src/match/views/scalar.js';
import { type Axes, movedAxes, viewingOf } from '../../../src/match/views/view.js';

/** Says that a Cast changes more than the precision of the scores; undefined where it does not. */
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

/** Says that a Cast or a Dropout does more than nothing; undefined where it does nothing, `null` for any other node. */
export function passMiss(node: Node, facts: Facts): string | undefined | null {
  if (node.is('Cast')) return castMiss(node);
  return node.is('Dropout') ? dropoutMiss(node, facts) : null;
}

/** The axes of a view, from the axes of its source; undefined where its dims do not fall on them. */
export const viewedAxes = (value: Value, axes: Axes): Axes | undefined => {
  const movement = viewingOf(value);
  return movement && movedAxes(movement, axes, value.shape);
};
