/** Rows of a batch through If, Loop and Scan, whose bodies have been followed already: all that is handed on keeps its rows in one place. */

import { fromStart } from '../../src/ir/dims/axes.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';

/** The axis of a value that holds the batch; −1 for none. */
export type AxisOf = (value: Value | undefined) => number;

/** Why the bodies of a node do not keep the rows of a batch apart; undefined where they do. */
export function brokenBody(node: Node, axisOf: AxisOf): string | undefined {
  if (node.domain !== '') return notKnown(node);
  if (node.opType === 'If') return brokenBranches(node, axisOf);
  const [body] = node.bodies as [Graph];
  if (node.opType === 'Loop') {
    const decides = [node.inputs[0], node.inputs[1], body.outputs[0]];
    if (decides.some((value) => axisOf(value) >= 0))
      return 'it goes on by numbers of the batch: rows may need another count of rounds';
    return brokenStates(node.inputs.slice(2), body.inputs.slice(2), body.outputs.slice(1), axisOf);
  }
  if (node.opType !== 'Scan') return notKnown(node);
  const scanned = node.int('num_scan_inputs', 0);
  const states = node.inputs.length - scanned;
  const axes = node.ints('scan_input_axes') ?? new Array<number>(scanned).fill(0);
  const isAlong = node.inputs.slice(states).some((value, i) => {
    const rank = value?.shape?.length ?? 0;
    return axisOf(value) >= 0 && axisOf(value) === fromStart(axes[i] ?? 0, rank);
  });
  if (isAlong) return 'it goes along the batch, row by row';
  return brokenStates(node.inputs.slice(0, states), body.inputs.slice(0, states), body.outputs, axisOf);
}

const notKnown = ({ opType }: Node): string => `${opType} is not known to keep the rows of a batch apart`;

function brokenBranches({ inputs, bodies }: Node, axisOf: AxisOf): string | undefined {
  if (axisOf(inputs[0]) >= 0) return 'it decides by numbers of the batch: rows may need different branches';
  const [first, ...others] = bodies as [Graph, ...Graph[]];
  const isOther = first.outputs.some((value, at) =>
    others.some(({ outputs }) => axisOf(outputs[at]) !== axisOf(value)),
  );
  return isOther ? 'one branch gives a batch, and another one row' : undefined;
}

/** What goes in, what the body sees and what it gives, of each state. */
function brokenStates(
  initial: readonly (Value | undefined)[],
  seen: readonly Value[],
  given: readonly Value[],
  axisOf: AxisOf,
): string | undefined {
  const isOther = initial.some((value, at) => {
    const axis = axisOf(value);
    return axisOf(seen[at]) !== axis || axisOf(given[at]) !== axis;
  });
  return isOther ? 'a state of it begins with other rows than it goes on with' : undefined;
}
