/** If, Loop and Scan, nested, with what they capture; local functions that call others, with attributes of their callers. */
import { type Attribute, float } from '../../../../src/ir/attribute.js';
import type { Dim } from '../../../../src/ir/dims.js';
import { Graph } from '../../../../src/ir/graph.js';
import { type DataType, tensorType } from '../../../../src/ir/types.js';
import type { Value } from '../../../../src/ir/value.js';
import { attempt, Sketch, sameShape, Unavailable, x32 } from '../sketch.js';
import { gelu, silu } from './activations.js';
import { layerNorm, rmsNorm } from './norms.js';
import { linear } from './products.js';

/** Adds some nodes inside a scope; set by the index, which knows all recipes. */
export type Fill = (sketch: Sketch, count: number) => void;

let depth = 0;

function deeper<T>(make: () => T): T {
  if (depth >= 2) throw new Unavailable();
  depth++;
  try {
    return make();
  } finally {
    depth--;
  }
}

/** One value of this type in a scope: through some nodes of it. */
function same(s: Sketch, value: Value): Value {
  const elem = value.elem as DataType;
  if (elem !== x32) return s.op('Identity', [value]);
  const other = s.chance(0.6) ? narrow(s, value) : undefined;
  const mixed = other
    ? s.op(s.one(['Add', 'Mul', 'Sub', 'Max']), [value, other])
    : s.op(s.one(['Tanh', 'Relu', 'Sigmoid', 'Identity', 'Neg']), [value]);
  return sameShape(mixed.shape, value.shape) ? mixed : s.op('Identity', [value]);
}

/** A partner that leaves the value's shape as it is. */
function narrow(s: Sketch, value: Value): Value {
  const captured = s.pick((one) => one !== value && one.elem === value.elem && sameShape(one.shape, value.shape));
  if (captured) return captured;
  const last = value.shape?.at(-1);
  return typeof last === 'number' ? s.weights([last]) : s.numbers(value.elem as DataType, 0.5);
}

export const conditional =
  (fill: Fill) =>
  (s: Sketch): void =>
    deeper(() => {
      const isConstant = s.chance(0.15);
      const condition = isConstant ? s.numbers('bool', s.int(0, 1)) : s.want('bool', []);
      const value = s.any(x32, 1);
      const branch = (): Graph =>
        s.body([], (inner) => {
          if (inner.chance(0.5)) attempt(() => fill(inner, inner.int(1, 3)));
          const result = same(inner, value);
          return inner.chance(0.3) ? [same(inner, result)] : [result];
        });
      const outputs = s.node('If', [condition], { then_branch: branch(), else_branch: branch() }).outputs;
      if (s.chance(0.5)) s.op('Neg', [outputs[0]]);
    });

export const loop =
  (fill: Fill) =>
  (s: Sketch): void =>
    deeper(() => {
      const start = s.any(x32, 1);
      const count = s.chance(0.8) ? s.numbers('int64', s.one([0, 1, 2, 3])) : s.cast(s.want('uint8', []), 'int64');
      const isScanned = s.chance(0.5);
      const body = s.body(
        [tensorType('int64', []), tensorType('bool', []), start.type],
        (inner, [step, go, carried]) => {
          if (inner.chance(0.5)) attempt(() => fill(inner, inner.int(1, 3)));
          const next = same(inner, carried as Value);
          const on = inner.chance(0.3)
            ? inner.op('Less', [step, inner.numbers('int64', 2)])
            : inner.op('Identity', [go]);
          return [on, next, ...(isScanned ? [inner.op('Tanh', [next])] : [])];
        },
      );
      const condition = s.chance(0.5) ? s.numbers('bool', 1) : undefined;
      s.node('Loop', [count, condition, start], { body }, { outputs: isScanned ? 2 : 1 });
    });

export const scan =
  (fill: Fill) =>
  (s: Sketch): void =>
    deeper(() => {
      const items = s.any(x32, 2, 3);
      const shape = items.shape as Dim[];
      const item = tensorType(x32, shape.slice(1));
      const state = s.want(x32, shape.slice(1));
      const body = s.body([item, item], (inner, [carried, one]) => {
        if (inner.chance(0.4)) attempt(() => fill(inner, inner.int(1, 2)));
        const next = inner.op('Add', [carried, same(inner, one as Value)]);
        return [next, inner.op('Sigmoid', [next])];
      });
      s.node(
        'Scan',
        [state, items],
        { body, num_scan_inputs: 1, ...(s.chance(0.3) && { scan_input_directions: [1] }) },
        { outputs: 2 },
      );
    });

const local = (s: Sketch): string => s.one(['local', 'pkg.layers', 'my.ops']);

/** A function of one value and a weight, with a slope from its caller; another function may call it. */
export function localFunction(s: Sketch): void {
  if (depth > 0 || s.g.graph.isInFunction) throw new Unavailable();
  const x = s.any(x32, 2, 3);
  const width = x.shape?.at(-1);
  if (typeof width !== 'number') throw new Unavailable();
  const domain = local(s);
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
