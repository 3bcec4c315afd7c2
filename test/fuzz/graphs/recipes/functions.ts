/** Structure that is there more than once: local functions, with attributes of their callers, and blocks in a chain. */
import { type Attribute, float } from '../../../../src/ir/attribute.js';
import { Graph } from '../../../../src/ir/graph.js';
import type { Value } from '../../../../src/ir/value.js';
import { Sketch, sameShape, Unavailable, x32 } from '../sketch.js';
import { gelu, silu } from './activations.js';
import { layerNorm, rmsNorm } from './norms.js';
import { linear } from './products.js';

const domains = ['local', 'pkg.layers', 'my.ops'];

/** A function of one value and a weight, with a slope from its caller; another function may call it. */
export function localFunction(s: Sketch): void {
  if (s.g.graph !== s.model.graph) throw new Unavailable();
  const x = s.any(x32, 2, 3);
  const width = x.shape?.at(-1);
  if (typeof width !== 'number') throw new Unavailable();
  const domain = s.one(domains);
  const name = s.one(['Block', 'Gelu', 'LayerNorm', '__proto__', 'f', 'MatMul']);
  const weight = s.weights([width, width]);
  const inner = define(s, domain, name, [x, weight], (f, [a, w]) => {
    let y = f.op('MatMul', [a, w]);
    const form = f.int(0, 3);
    if (form === 0) y = f.op('LeakyRelu', [y], { alpha: reference('slope') });
    else if (form === 1) y = gelu(f, y);
    else if (form === 2) y = silu(f, y);
    else y = layerNorm(f, y);
    return [form === 0 ? y : f.op('Elu', [y], { alpha: reference('slope') })];
  });
  s.model.opsets.set(domain, 1);
  const call = (at: Sketch, value: Value, w: Value, slope?: Attribute): Value =>
    at.op(inner, [value, w], slope ? { slope } : {}, { domain });
  const first = call(s, x, weight, s.chance(0.6) ? float(0.2) : undefined);
  if (s.chance(0.5))
    call(s, first, s.chance(0.5) ? weight : s.weights([width, width]), s.chance(0.5) ? float(0.7) : undefined);
  if (s.chance(0.4)) {
    const outer = define(s, domain, `${name}Twice`, [x, weight], (f, [a, w]) => [
      call(f, call(f, a as Value, w as Value, reference('slope')), w as Value),
    ]);
    s.op(outer, [x, weight], s.chance(0.5) ? { slope: float(0.3) } : {}, { domain });
  }
}

const reference = (name: string): Attribute => ({ type: 'ref', name, of: 'float' });

/** Adds a function to the model; its types are those of these operands. The name it has. */
function define(
  s: Sketch,
  domain: string,
  base: string,
  operands: readonly Value[],
  body: (inner: Sketch, inputs: Value[]) => Value[],
): string {
  let name = base;
  while (s.model.functions.some((one) => one.name === name && one.domain === domain)) name += '_';
  const graph = new Graph(s.model, name, new Map([...s.model.opsets, [domain, 1]]));
  const inner = new Sketch(s.model, s.random, s.symbols, graph, s, false);
  const inputs = operands.map(({ type }, index) => inner.keep(graph.input(`${index ? 'w' : 'x'}`, type)));
  body(inner, inputs).forEach((value, index) => {
    graph.output(`y${index}`, value, value.type);
  });
  const defaults = new Map([['slope', float(0.1)]]);
  s.model.functions.push({ domain, name, overload: '', graph, attributes: [], defaults, docString: '' });
  return name;
}

/** A block once after another, each with weights of its own; one may be odd. */
export function repeats(s: Sketch, blocks: readonly ((s: Sketch, x: Value) => Value)[]): void {
  const width = s.width();
  let x = s.want(x32, s.chance(0.5) ? [s.dim(), s.dim(), width] : [s.dim(), width]);
  const count = s.int(5, 8);
  const odd = s.chance(0.4) ? s.int(0, count - 1) : -1;
  const block = s.one(blocks);
  // The same draws each time give the same structure; what all read beside their input stands outside.
  const seed = s.random.int(0, 2 ** 31);
  const shared = s.pick(({ elem }) => elem === x32) ?? x;
  for (let i = 0; i < count; i++) {
    const y = i === odd ? block(s, x) : block(s.withSeed(seed, i, [shared, x]), x);
    if (!sameShape(y.shape, x.shape)) return;
    s.keep(y);
    x = y;
  }
  if (s.chance(0.3)) s.op('Softmax', [x], { axis: -1 });
}

/** x + f(norm(x)), with f a gated or plain product. */
export const residual = (s: Sketch, x: Value): Value => {
  const width = x.shape?.at(-1) as number;
  const normal = s.chance(0.5) ? layerNorm(s, x) : rmsNorm(s, x);
  const hidden = linear(s, normal, 2 * width);
  const act = s.one([gelu, silu, (one: Sketch, value: Value) => one.op('Relu', [value])])(s, hidden);
  return s.op('Add', [x, linear(s, act, width)]);
};
