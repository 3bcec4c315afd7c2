/** If, Loop and Scan, nested, with what they capture. */
import type { Dim } from '../../../../src/ir/dims/dims.js';
import type { Graph } from '../../../../src/ir/graph.js';
import { type DataType, tensorType } from '../../../../src/ir/types.js';
import type { Value } from '../../../../src/ir/value.js';
import { attempt, type Sketch, sameShape, Unavailable, x32 } from '../sketch.js';

/** Adds some nodes inside a scope: the index does, which knows all recipes. */
export type Fill = (sketch: Sketch, count: number) => void;

/** Bodies in bodies. */
const DEEPEST = 2;

function expectRoom({ depth }: Sketch): void {
  if (depth >= DEEPEST) throw new Unavailable();
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
  (s: Sketch): void => {
    expectRoom(s);
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
  };

export const loop =
  (fill: Fill) =>
  (s: Sketch): void => {
    expectRoom(s);
    const start = s.any(x32, 1);
    const count = s.chance(0.8) ? s.numbers('int64', s.one([0, 1, 2, 3])) : s.cast(s.want('uint8', []), 'int64');
    const isScanned = s.chance(0.5);
    const body = s.body([tensorType('int64', []), tensorType('bool', []), start.type], (inner, [step, go, carried]) => {
      if (inner.chance(0.5)) attempt(() => fill(inner, inner.int(1, 3)));
      const next = same(inner, carried as Value);
      const on = inner.chance(0.3) ? inner.op('Less', [step, inner.numbers('int64', 2)]) : inner.op('Identity', [go]);
      return [on, next, ...(isScanned ? [inner.op('Tanh', [next])] : [])];
    });
    const condition = s.chance(0.5) ? s.numbers('bool', 1) : undefined;
    s.node('Loop', [count, condition, start], { body }, { outputs: isScanned ? 2 : 1 });
  };

export const scan =
  (fill: Fill) =>
  (s: Sketch): void => {
    expectRoom(s);
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
  };
