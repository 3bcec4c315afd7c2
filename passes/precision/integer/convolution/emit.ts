/** Conv(x)  ⟶  DequantizeLinear(QLinearConv(QuantizeLinear(x))), a scale for each channel of the weight; neighbours hand bytes on. */
import type { Graph } from '../../../../src/ir/graph.js';
import { numbersOf, tensorOf } from '../../../../src/ir/tensors/numbers.js';
import { derivedTensor, elementCount, type Tensor } from '../../../../src/ir/tensors/tensor.js';
import { tensorType } from '../../../../src/ir/types.js';
import type { Value } from '../../../../src/ir/value.js';
import { type Matrix, scalesOf } from '../../quantize.js';
import { Encoder } from '../../weights/encode.js';
import { channelGroups } from '../../weights/groups.js';
import type { ByteRange } from './ranges.js';
import type { ConvSite } from './sites.js';

export interface StaticConv extends ConvSite {
  readonly inputRange: ByteRange;
  readonly outputRange: ByteRange;
  /** The scales of the weight, one for each channel of the result. */
  readonly scales: Float32Array;
  /** The largest byte of the weight. */
  readonly largest: number;
}

/** The scales of a weight; undefined where a number is not finite. */
export function channelScalesOf(weight: Tensor, largest: number): Float32Array | undefined {
  const rows = weight.shape[0] as number;
  const matrix: Matrix = {
    tensor: weight,
    rows,
    columns: elementCount(weight.shape) / rows,
    groups: rows,
    rowGroups: { block: 1, step: 1 },
    columnGroups: { block: 1, step: 0 },
  };
  return scalesOf(matrix, largest);
}

interface Bytes {
  readonly value: Value;
  readonly range: ByteRange;
  readonly scale: Value;
  readonly zero: Value;
}

/** Rewrites convolutions in order of dependency; `mapped` gives what stands in the graph for a value. */
export function emitConvs(graph: Graph, sites: readonly StaticConv[], mapped = (value: Value) => value): void {
  const known = new Map<Value, Bytes>();
  for (const site of sites) {
    const node = mapped(site.node.output).producer as ConvSite['node'];
    const float = node.inputs[0] as Value;
    // What a neighbour hands on is in the neighbour's range.
    const input = known.get(float) ?? quantized(graph, float, site.inputRange);
    known.set(float, input);
    const end = mapped(site.output);
    const { scale, zero } = constantsOf(graph, site.outputRange, end.name);
    const factors = site.scales.map((one) => one * input.range.scale);
    const inputs = [input.value, input.scale, input.zero, ...weightOf(graph, site), scale, zero];
    if (site.bias) inputs.push(biasOf(graph, site.bias, factors));
    const conv = graph.add('QLinearConv', inputs, { name: node.name });
    for (const [name, attribute] of node.attributes) graph.setAttribute(conv, name, attribute);
    conv.output.type = tensorType('uint8', end.shape);
    const result = graph.add('DequantizeLinear', [conv.output, scale, zero]).output;
    result.type = end.type;
    result.name = end.name;
    graph.replaceUses(end, result);
    known.set(result, { value: conv.output, range: site.outputRange, scale, zero });
  }
}

function quantized(graph: Graph, float: Value, range: ByteRange): Bytes {
  const { scale, zero } = constantsOf(graph, range, float.name);
  const value = graph.add('QuantizeLinear', [float, scale, zero], { outputs: [`${float.name}_uint8`] }).output;
  value.type = tensorType('uint8', float.shape);
  return { value, range, scale, zero };
}

const constantsOf = (graph: Graph, { scale, zero }: ByteRange, name: string) => ({
  scale: graph.constant(tensorOf('float32', scale), `${name}_scale`),
  zero: graph.constant(tensorOf('uint8', zero), `${name}_zero_point`),
});

function weightOf(graph: Graph, site: StaticConv): Value[] {
  const name = site.node.inputs[1]?.name ?? '';
  const bytes = derivedTensor('int8', site.weight.shape, () => channelBytes(site));
  return [
    graph.constant(bytes, `${name}_int8`),
    graph.constant(tensorOf('float32', site.scales), `${name}_scale`),
    graph.constant(tensorOf('int8', 0), `${name}_zero_point`),
  ];
}

/** The share of earlier errors that goes into the next weight, as in products: the errors of a channel add up to nearly zero, so that a mean that all inputs share causes nearly no error. */
const FEEDBACK = 1 / 64;

function* channelBytes({ weight, scales, largest }: StaticConv): Iterable<Uint8Array> {
  const groups = channelGroups(weight.shape, {
    channels: [0],
    contracted: weight.shape.map((_, axis) => axis).slice(1),
  });
  const encoder = new Encoder(groups, { scales, largest }, { share: FEEDBACK });
  for (const codes of encoder.codes(weight)) yield new Uint8Array(codes.buffer, 0, codes.length).slice();
}

function biasOf(graph: Graph, bias: Tensor, factors: Float32Array): Value {
  const numbers = numbersOf(bias).map((number, at) => Math.round(number / (factors[at] as number)));
  return graph.constant(tensorOf('int32', [...numbers], bias.shape), 'bias_int32');
}
