/** Names that a graph may hold: plain, odd, like ours, none. The writer makes values' names unique; nodes' are left as they are. */
import type { Sketch } from './sketch.js';

const odd = [
  '__proto__',
  'constructor',
  'toString',
  'Größe/μ',
  '値',
  'a b',
  'x.1',
  'x_2',
  'x_3',
  'x:0',
  '/model/layers.0/attn/MatMul_1',
  'MultiHeadAttention',
  'Mul_fused',
  'weight_fp16',
  'weight_quantized',
  'weight_scale',
  'q_proj.weight',
  '0',
  'null',
  ' ',
];

const drawn = (sketch: Sketch, names: readonly string[]): string => {
  const name = sketch.one(names);
  return sketch.chance(0.5) ? name : `${name}_${sketch.int(0, 30)}`;
};

/** Often none, and two nodes may have the same. */
export function nodeName(sketch: Sketch): string {
  if (sketch.chance(0.4)) return '';
  return sketch.chance(0.3) ? drawn(sketch, odd) : `${sketch.one(['node', 'layer', 'n'])}_${sketch.int(0, 60)}`;
}

/** A name that no other value of the model has been given. */
export function valueName(sketch: Sketch): string {
  const taken = takenIn(sketch.model);
  const base = sketch.chance(0.15) ? drawn(sketch, odd) : sketch.one(['x', 'h', 'value', 'v']);
  let name = base;
  for (let n = 1; taken.has(name); n++) name = `${base}_${n}`;
  taken.add(name);
  return name;
}

const names = new WeakMap<object, Set<string>>();

function takenIn(model: object): Set<string> {
  const taken = names.get(model) ?? new Set<string>();
  names.set(model, taken);
  return taken;
}
