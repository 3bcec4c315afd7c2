/** Pad(Pad(x)) ⟶ Pad(x), and Conv(Pad(x)) ⟶ Conv(x) with wider pads, where the Pad puts zeros around the spatial axes. */
import type { Facts } from '../../src/infer/index.js';
import { addDims, subtractDims } from '../../src/ir/dims/dims.js';
import type { Node } from '../../src/ir/node.js';
import { movementOf } from '../../src/ops/moved.js';
import { byOp, everywhere, soleProducer } from './rules.js';
import { int64s, isAll, isReadOnce, smallNumbers } from './small.js';

/** The number of elements before and behind every axis. */
interface Border {
  readonly begin: readonly number[];
  readonly end: readonly number[];
}

/** The border that a Pad by one value puts around every axis; undefined where it is unknown. */
function extentOf(node: Node, facts: Facts): Border | undefined {
  const movement = movementOf(node.outputs[0], facts);
  if (movement?.kind !== 'placed' || movement.outside === undefined) return undefined;
  const { source, places } = movement;
  const begin = places.map(({ start, by }) => (by ? undefined : subtractDims(0, start)));
  const end = begin.map((before, axis) => {
    const [from, to] = [source.shape?.[axis], node.output.shape?.[axis]];
    return before !== undefined && from !== undefined && to !== undefined
      ? subtractDims(to, addDims(from, before))
      : undefined;
  });
  const isKnown = [...begin, ...end].every((one) => typeof one === 'number');
  return isKnown ? ({ begin, end } as Border) : undefined;
}

const isZeros = (pad: Node): boolean => (pad.inputs[2] ? isAll(pad.inputs[2], 0) : pad.float('value', 0) === 0);

/** The value that a Pad of opset 11 or later puts there; undefined where not constant. */
function filling(pad: Node): number | undefined {
  return pad.inputs[2] ? smallNumbers(pad.inputs[2])?.[0] : 0;
}

/** Joins Pads that add up. A second Pad does not restore elements that the first cut off. */
function joinPads(node: Node, facts: Facts): void {
  const inner = soleProducer(node.inputs[0], node, 'Pad');
  const x = inner?.inputs[0];
  const rank = x?.shape?.length;
  if (!inner || !x || rank === undefined || (node.opset ?? 0) < 11) return;
  const [value, other] = [filling(node), filling(inner)];
  const [first, second] = [extentOf(inner, facts), extentOf(node, facts)];
  if (!first || !second || value === undefined || !Object.is(value, other)) return;
  const pads = [...first.begin, ...first.end];
  const more = [...second.begin, ...second.end];
  if (pads.some((one, at) => one < 0 && (more[at] ?? 0) > 0)) return;
  const sums = pads.map((one, at) => BigInt(one + (more[at] ?? 0)));
  node.graph.setInput(node, 0, x);
  node.graph.setInput(node, 1, node.graph.constant(int64s(sums)));
  if (node.inputs.length > 3) node.graph.truncateInputs(node, 3);
}

function absorbPad(conv: Node, facts: Facts): void {
  const pad = conv.inputs[0]?.producer;
  const rank = conv.inputs[1]?.shape?.length;
  const x = pad?.inputs[0];
  if (!pad?.is('Pad') || pad.hasReference || !x || rank === undefined || !isReadOnce(pad.output)) return;
  if (!['NOTSET', undefined].includes(conv.string('auto_pad'))) return;
  const pads = isZeros(pad) ? extentOf(pad, facts) : undefined;
  if (!pads || [...pads.begin, ...pads.end].some((one) => one < 0)) return;
  if ([...pads.begin.slice(0, 2), ...pads.end.slice(0, 2)].some((one) => one !== 0)) return;
  const sums = [...pads.begin.slice(2), ...pads.end.slice(2)];
  const own = conv.ints('pads') ?? sums.map(() => 0);
  conv.graph.setInput(conv, 0, x);
  conv.graph.setAttribute(
    conv,
    'pads',
    sums.map((one, at) => one + (own[at] ?? 0)),
  );
}

/** Does so in every scope. */
export const absorbPads = everywhere(byOp({ Pad: joinPads, Conv: absorbPad }));
