/** One random graph: inputs, then recipes one after another, then outputs. The same seed and number give the same graph. */
import type { Dim } from '../../../src/ir/dims/dims.js';
import { Model } from '../../../src/ir/model.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { Random } from '../../../src/validate/inputs/random.js';
import { valueName } from './names.js';
import { fill, repeated } from './recipes/index.js';
import { attempt, Sketch } from './sketch.js';

const symbols = ['batch', 'seq', 'N', 'height/2', '__proto__', 'past seq', 'constructor'];
const elems: readonly DataType[] = [
  ...(['float32', 'float32', 'float32', 'float32', 'float32', 'float16', 'float64', 'int32', 'int64'] as const),
  ...(['bool', 'string', 'uint8', 'int8', 'int16', 'uint16', 'uint32', 'uint64'] as const),
];

export function drawModel(seed: number, number: number): Model {
  const random = Random.of(seed, `graph ${number}`);
  const opset = random.int(13, 24);
  const model = new Model(
    [
      ['', opset],
      ['com.microsoft', 1],
      ['ai.onnx.ml', 3],
    ],
    random.int(8, 11),
  );
  model.graph.name = 'main';
  const own = [...symbols].sort(() => random.next() - 0.5).slice(0, 3);
  const sketch = new Sketch(model, random, own);
  sketch.input('float32', sketch.shape(2, 4));
  for (let i = sketch.int(0, 2); i > 0; i--) sketch.input(sketch.one(elems), sketch.shape());
  // Blocks that repeat fill a graph of their own, now and then: what is compiled once must be most of it.
  if (sketch.random.next() < 0.15) attempt(() => repeated(sketch));
  fill(sketch, sketch.int(2, 8));
  giveOutputs(sketch);
  if (sketch.chance(0.2)) defaults(sketch);
  return model;
}

/** What nobody reads is an output, and a few others are: of the middle, inputs, constants, one twice. */
function giveOutputs(sketch: Sketch): void {
  const { graph } = sketch.g;
  const exchanged = ({ elem }: Value): boolean => elem !== undefined && elem !== 'bfloat16';
  const made = sketch.pool.filter((value) => value.producer?.graph === graph && exchanged(value));
  const loose = made.filter((value) => value.uses.size === 0);
  const outputs = loose.length > 0 ? loose.slice(-8) : made.slice(-1);
  for (const value of made) if (value.uses.size > 0 && sketch.chance(0.04)) outputs.push(value);
  if (sketch.chance(0.06)) outputs.push(sketch.one(graph.inputs));
  if (sketch.chance(0.06)) outputs.push(sketch.weights([2, 2]));
  if (outputs.length === 0) outputs.push(sketch.op('Identity', [graph.inputs[0]]));
  if (sketch.chance(0.04)) outputs.push(sketch.one(outputs));
  outputs.forEach((value) => {
    const isComputed = value.producer !== undefined && !value.isOutput;
    const name = isComputed ? value.name : valueName(sketch);
    // What no inference knows is left undeclared, now and then all is.
    const type = sketch.chance(0.85) ? value.type : undefined;
    graph.output(name, value, type);
  });
}

/** An input that may be left out. */
function defaults(sketch: Sketch): void {
  for (const input of sketch.g.graph.inputs) {
    const shape = input.shape as readonly Dim[];
    if (!input.elem || !shape.every((dim) => typeof dim === 'number') || !sketch.chance(0.5)) continue;
    input.defaultTensor ??= sketch.tensor(input.elem, shape as number[]);
  }
}
