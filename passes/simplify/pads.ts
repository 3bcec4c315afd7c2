/** Conv(Pad(x)) ⟶ Conv(x) with wider pads, where the Pad puts zeros around the spatial axes. */
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { isReadOnce } from './chains.js';
import { isAll, normalAxis, smallNumbers } from './small.js';

/** Begin and end of every axis; undefined where not constant, or not zeros. */
function zeroPads(
  node: Node,
  rank: number,
): { readonly begin: readonly number[]; readonly end: readonly number[] } | undefined {
  if ((node.string('mode') ?? 'constant') !== 'constant' || (node.opset ?? 0) < 2) return undefined;
  const [, padsInput, value, axesInput] = node.inputs;
  if (value ? !isAll(value, 0) : node.float('value', 0) !== 0) return undefined;
  const pads = node.ints('pads') ?? smallNumbers(padsInput);
  const axes = axesInput ? smallNumbers(axesInput) : Array.from({ length: rank }, (_, axis) => axis);
  if (!pads || !axes || pads.length !== 2 * axes.length) return undefined;
  const [begin, end] = [new Array(rank).fill(0), new Array(rank).fill(0)];
  axes.forEach((axis, at) => {
    begin[normalAxis(axis, rank)] = pads[at];
    end[normalAxis(axis, rank)] = pads[at + axes.length];
  });
  return { begin, end };
}

function absorbPad(conv: Node): void {
  const pad = conv.inputs[0]?.producer;
  const rank = conv.inputs[1]?.shape?.length;
  const x = pad?.inputs[0];
  if (!pad?.is('Pad') || pad.hasReference || !x || rank === undefined || !isReadOnce(pad.output)) return;
  if (!['NOTSET', undefined].includes(conv.string('auto_pad'))) return;
  const pads = zeroPads(pad, rank);
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
export function absorbPads(model: Model): void {
  for (const graph of model.graphs())
    for (const node of graph.nodes()) if (node.is('Conv') && !node.hasReference) absorbPad(node);
}
