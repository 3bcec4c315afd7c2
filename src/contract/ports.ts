/** Ports that callers like better than the model's own: int32 for int64, pictures of bytes for normalized floats. Metadata says which; the pass `ports` and the comparison make them. */
import { z } from 'zod';
import { GraphBuilder } from '../ir/build.js';
import { symbol } from '../ir/dims/dims.js';
import type { Model } from '../ir/model.js';
import { type DataType, tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { noteIn, setNote } from '../ir/whole-model/notes.js';

/** The metadata key. */
const PORTS_KEY = 'onnx-passes.ports';

export const imageSchema = z.object({
  input: z
    .string()
    .describe('The input that takes pictures: uint8, [batch, height, width, channels], channels as red, green, blue.'),
  mean: z.array(z.number()),
  std: z.array(z.number()).describe('The model sees (byte · scale − mean) / std, by channel.'),
  scale: z.number(),
  size: z
    .tuple([z.number().int(), z.number().int()])
    .nullable()
    .describe(
      'Height and width that pictures are resized to inside: linear, half-pixel centres, no antialiasing. null: they come in the size of the input.',
    ),
  order: z.enum(['rgb', 'bgr']).describe('The order that the model sees; pictures are fed as red, green, blue.'),
  layout: z.enum(['nchw', 'nhwc']).describe('The layout that the model sees.'),
});

export type ImagePort = z.output<typeof imageSchema>;

const portsSchema = z.object({
  image: imageSchema.optional(),
  int32: z.object({ inputs: z.array(z.string()), outputs: z.array(z.string()) }).optional(),
});

export type NotedPorts = z.output<typeof portsSchema>;

/** What is noted of a model; empty where nothing is. */
export const notedPorts = (model: Model): NotedPorts => portsSchema.safeParse(noteIn(model, PORTS_KEY)).data ?? {};

export const notePorts = (model: Model, ports: NotedPorts): void =>
  setNote(model, PORTS_KEY, { ...notedPorts(model), ...ports });

/** Puts another port in the place of an input, under its name. */
function replaceInput(model: Model, name: string, make: (old: Value) => { port: Value; value: Value }): void {
  const { graph } = model;
  const old = graph.inputs.find((input) => input.name === name);
  if (!old) return;
  const readers = [...old.uses];
  const { port, value } = make(old);
  for (const { node, index } of readers) node.graph.setInput(node, index, value);
  graph.setInputs(graph.inputs.flatMap((input) => (input === port ? [] : input === old ? [port] : [input])));
}

/** int32 ports, with casts behind and in front of them. Types must be inferred. */
export function castPorts(model: Model, { inputs, outputs }: NonNullable<NotedPorts['int32']>): void {
  const g = new GraphBuilder(model.graph);
  const cast = (value: Value, to: DataType): Value => {
    const made = g.cast(value, to);
    made.type = tensorType(to, value.shape);
    return made;
  };
  for (const name of inputs)
    replaceInput(model, name, (old) => {
      const port = model.graph.input(name, tensorType('int32', old.shape));
      return { port, value: cast(port, 'int64') };
    });
  for (const name of outputs) {
    const index = model.graph.outputPorts.findIndex((port) => port.name === name);
    const value = model.graph.outputs[index];
    const type = model.graph.outputPorts[index]?.type;
    if (value?.elem === 'int64')
      model.graph.output(
        name,
        cast(value, 'int32'),
        tensorType('int32', type?.kind === 'tensor' ? type.shape : value.shape),
      );
  }
}

/** A port for pictures, and what makes the model's input of them. Types must be inferred. */
export function imagePort(model: Model, { input, mean, std, scale, size, order, layout }: ImagePort): void {
  const g = new GraphBuilder(model.graph);
  replaceInput(model, input, (old) => {
    const [batch = 'batch', ...rest] = old.shape ?? [];
    const [channels, height, width] = layout === 'nchw' ? rest : [rest[2], rest[0], rest[1]];
    const sides = size ? [symbol('image_height'), symbol('image_width')] : [height, width];
    const port = model.graph.input(
      input,
      tensorType('uint8', [typeof batch === 'string' ? symbol(batch) : batch, ...sides, channels] as never),
    );
    let x = g.op('Transpose', [g.cast(port, 'float32')], { perm: [0, 3, 1, 2] });
    if (size) {
      const outer = g.op('Slice', [g.op('Shape', [x]), g.ints(0), g.ints(2)]);
      const sizes = g.op('Concat', [outer, g.ints(size)], { axis: 0 });
      x = g.op('Resize', [x, undefined, undefined, sizes], {
        mode: 'linear',
        coordinate_transformation_mode: 'half_pixel',
      });
    }
    if (order === 'bgr') x = g.op('Gather', [x, g.ints(2, 1, 0)], { axis: 1 });
    const by = (numbers: readonly number[]): Value => g.constant('float32', numbers, [1, numbers.length, 1, 1]);
    x = g.op('Mul', [x, by(std.map((one) => scale / one))]);
    x = g.op('Sub', [x, by(mean.map((one, i) => one / (std[i] as number)))]);
    if (layout === 'nhwc') x = g.op('Transpose', [x], { perm: [0, 2, 3, 1] });
    const value = g.cast(x, old.elem ?? 'float32');
    value.type = old.type;
    return { port, value };
  });
}
