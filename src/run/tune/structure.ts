/** Writes down how a model is wired, without names and weights: the text is equal for instances of one block. */

import type { Dim } from '../../ir/dims/dims.js';
import { numberedText } from '../../ir/dims/symbols.js';
import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import { elementCount, type Tensor } from '../../ir/tensors/tensor.js';
import { isFloat, typeText } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { attributesText } from '../verify/cut-out.js';

/** The most elements of a constant whose numbers are part of the text: axes, shapes and factors, not weights. */
const shortest = ({ type }: Tensor): number => (isFloat(type) ? 1 : 64);

/** `dimText` says how dims are written: with sizes in place of symbols, models of the same sizes have one text. */
export function structureOf(model: Model, dimText: (dim: Dim) => string = numberedText()): string {
  const lines = [[...model.opsets].sort().join(' ')];
  const places = new Map<Value, string>();
  const placeOf = (value: Value | undefined): string => {
    if (!value) return '';
    const known = places.get(value);
    if (known !== undefined) return known;
    const place = `v${places.size}`;
    places.set(value, place);
    const { tensor } = value;
    const short = tensor && !tensor.strings && elementCount(tensor.shape) <= shortest(tensor) ? tensor.bytes() : '';
    if (!value.producer) lines.push(`${place}: ${typeText(value.type, dimText)} ${tensor ? 'constant' : ''} ${short}`);
    return place;
  };
  const scope = (graph: Graph): void => {
    for (const node of graph.nodes()) {
      const inputs = node.inputs.map(placeOf);
      const outputs = node.outputs.map(placeOf);
      lines.push(`${outputs} = ${node.domain}.${node.opType}.${node.overload}(${inputs}) ${attributesText(node)}`);
      for (const body of node.bodies) scope(body);
    }
    lines.push(`end ${graph.end.inputs.map(placeOf)}`);
  };
  for (const graph of [model.graph, ...model.functions.map((one) => one.graph)]) scope(graph);
  return lines.join('\n');
}
