/** ports: inputs and outputs in the types that callers have at hand. */

import { z } from 'zod';
import { castPorts, type ImagePort, imagePort, notedPorts, notePorts } from '../src/contract/ports.js';
import { inferTypes } from '../src/infer/index.js';
import type { Model } from '../src/ir/model.js';
import { isFloat } from '../src/ir/types.js';
import type { Value } from '../src/ir/value.js';
import { dropUncalled, inlineCalls } from '../src/region/functions/inline-all.js';
import { definePass, type PassContext } from '../src/run/pass.js';
import { IntegerBounds } from './bounds/integers.js';
import { Int32Arithmetic } from './ports/int32.js';
import { isInt32 } from './ports/int32-values.js';

const numbers = z.array(z.number());

export const ports = definePass({
  name: 'ports',
  summary: 'Gives the model ports that callers have at hand: int32 for int64, pictures of bytes for normalized floats.',
  fidelity: 'exact',
  needs: ['types', 'repeats'],
  opset: 13,
  options: z.object({
    int32: z
      .boolean()
      .default(false)
      .describe('int64 inputs and outputs, and arithmetic behind them that cannot overflow, become int32.'),
    uint8Image: z.boolean().default(false).describe('The image input takes uint8 [batch, height, width, channels].'),
    input: z.string().default('').describe('The image input. Default: the only one of 1, 3 or 4 channels.'),
    mean: numbers
      .default([])
      .describe('Of each channel, or one for all: the model sees (byte · scale − mean) / std. Default 0.'),
    std: numbers.default([]).describe('Of each channel, or one for all. Default 1.'),
    scale: z
      .number()
      .default(1 / 255)
      .describe('What bytes are multiplied with.'),
    size: z
      .array(z.number().int().min(1))
      .default([])
      .describe('Height and width that pictures of any size are resized to, as 224+224.'),
    order: z
      .enum(['rgb', 'bgr'])
      .default('rgb')
      .describe('The order of channels that the model was trained on; pictures are fed as rgb.'),
  }),
  run(model, options, context) {
    if (!options.int32 && !options.uint8Image)
      return context.skip('asked for no ports: ports:int32, ports:uint8-image');
    if (options.uint8Image) {
      const image = imageOf(model, options);
      if (typeof image === 'string') context.skip(image);
      else takeImage(model, image, context);
    }
    if (options.int32) integers(model, context);
  },
});

interface ImageOptions extends Pick<ImagePort, 'scale' | 'order'> {
  readonly input: string;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly size: readonly number[];
}

/** The port that is asked for, or why it cannot be. */
function imageOf(model: Model, { input: name, mean, std, scale, size, order }: ImageOptions): ImagePort | string {
  if (notedPorts(model).image) return 'an input takes pictures already';
  const candidates = model.graph.inputs.filter((input) => layoutOf(input) && (name === '' || input.name === name));
  const [input] = candidates;
  if (!input || candidates.length > 1) {
    const found = candidates.map((one) => one.name).join(', ') || 'none';
    return `expected one float input [batch, channels, height, width] or [batch, height, width, channels] of 1, 3 or 4 channels; found ${found}. Name it: ports:uint8-image:input=…`;
  }
  const { layout, channels, sides } = layoutOf(input) as Layout;
  const [height, width, ...more] = size;
  if ((height === undefined) !== (width === undefined) || more.length > 0)
    return `size: expected height+width; found ${size.join('+')}`;
  if (size.some((side, i) => typeof sides[i] === 'number' && sides[i] !== side))
    return `size: expected ${sides.join('+')}, which "${input.name}" takes; found ${size.join('+')}`;
  if (order === 'bgr' && channels !== 3) return `order=bgr: expected 3 channels of "${input.name}"; found ${channels}`;
  const each = (list: readonly number[], otherwise: number): number[] | undefined =>
    list.length === channels
      ? [...list]
      : list.length > 1
        ? undefined
        : new Array<number>(channels).fill(list[0] ?? otherwise);
  const [means, deviations] = [each(mean, 0), each(std, 1)];
  if (!means || !deviations || deviations.includes(0))
    return `mean and std: expected ${channels} numbers, or one for all, std without 0; found ${mean.join('+') || 'none'} and ${std.join('+') || 'none'}`;
  const sized = height === undefined || width === undefined ? null : ([height, width] as [number, number]);
  return { input: input.name, mean: means, std: deviations, scale, size: sized, order, layout };
}

function takeImage(model: Model, image: ImagePort, context: PassContext): void {
  imagePort(model, image);
  notePorts(model, { image });
  const { input, mean, std, scale, size, order } = image;
  const resized = size ? `, of any size, resized to ${size.join(' × ')}` : '';
  const seen = `(byte · ${scale.toPrecision(4)} − ${mean.join(', ')}) / ${std.join(', ')} as ${order}`;
  context.note(
    `"${input}" takes uint8 [batch, height, width, ${mean.length}] as red, green, blue${resized}; the model sees ${seen}`,
  );
}

interface Layout {
  readonly layout: ImagePort['layout'];
  readonly channels: number;
  readonly sides: readonly unknown[];
}

/** Undefined for what is no image. */
function layoutOf({ elem, shape, defaultTensor }: Value): Layout | undefined {
  if (!isFloat(elem) || shape?.length !== 4 || defaultTensor) return undefined;
  const isFew = (dim: unknown): dim is number => dim === 1 || dim === 3 || dim === 4;
  const [, first, second, last] = shape;
  if (isFew(first)) return { layout: 'nchw', channels: first, sides: [second, last] };
  return isFew(last) ? { layout: 'nhwc', channels: last, sides: [first, second] } : undefined;
}

function integers(model: Model, context: PassContext): void {
  const { graph } = model;
  const inputs = graph.inputs.flatMap(({ name, elem, defaultTensor }) =>
    elem === 'int64' && !defaultTensor ? [name] : [],
  );
  castPorts(model, { inputs, outputs: [] });
  inlineReaders(model, context);
  // What comes in as int32 says what comes out.
  const bounds = new IntegerBounds(inferTypes(model));
  const outputs = graph.outputPorts.flatMap(({ name }, index) => {
    const value = graph.outputs[index] as Value;
    if (value.elem !== 'int64') return [];
    if (isInt32(bounds.of(value))) return [name];
    context.skip('an output whose numbers are not known to fit int32 stays int64', value);
    return [];
  });
  if (inputs.length + outputs.length === 0) {
    context.skip('no int64 input or output that could be int32');
    return;
  }
  castPorts(model, { inputs: [], outputs });
  notePorts(model, { int32: { inputs, outputs } });
  const arithmetic = new Int32Arithmetic(bounds, context.hasKernel);
  arithmetic.scope(graph);
  context.note(
    `int32 now: ${[...inputs, ...outputs].map((name) => `"${name}"`).join(', ')}, and ${arithmetic.count} nodes behind them`,
  );
}

/** Calls that read int64 numbers become nodes: a function has one body for all its calls, of which some may read int32 now. */
function inlineReaders(model: Model, context: PassContext): void {
  const nodes = [...model.graphs()].flatMap((graph) => [...graph.nodeSet]);
  const calls = nodes.filter(({ inputs }) => inputs.some((value) => value?.elem === 'int64' && !value.tensor));
  const read = new Set(calls.map((node) => model.functionOf(node)));
  let inlined = 0;
  inlineCalls(model, {
    isMeant: (fn) => read.has(fn),
    inlined: () => void inlined++,
    refused: (reason, call) => context.skip(`it reads int64 numbers, and is not inlined: ${reason}`, call),
  });
  if (inlined === 0) return;
  dropUncalled(model, (fn) => read.has(fn));
  context.note(`functions that read int64 numbers are inlined, ${inlined} calls`);
}
