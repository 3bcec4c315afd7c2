/**
 * Emits com.microsoft RotaryEmbedding for a rotation: input [B, N, S, D] or [B, S, N·D], positions [1] (0: row s is
 * position s) or [B, S], cos and sin [rows, width/2].
 * Why this way: the op has kernels on the CPU, CUDA and WebGPU providers at any opset. RotaryEmbedding-23 would need
 * opset 23, which loses WebGPU kernels, and its CPU kernel rejects tables of batch 1 at larger batches. Tables are
 * computed once for all layers; a table that differs by batch is laid out as B·S rows with positions 0 … B·S−1. A
 * model's own positions may count from the end, so they stay with its own Gather.
 */
import type { Facts } from '../../src/infer/index.js';
import { tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { isBase, viewOf } from '../../src/match/views/view.js';
import type { RotaryLayout } from './layout.js';
import type { Rotation } from './rotation.js';
import { keyOf, type Selection, type Tables } from './table.js';

export interface RotaryEmission {
  readonly rotation: Rotation;
  readonly layout: RotaryLayout;
  readonly cos: Selection;
  readonly sin: Selection;
}

/** The kernel's input before it gets its form: the rotated value, or the value that it was split from. */
export function inputOf({ x }: Rotation, { form }: RotaryLayout, facts: Facts): Value {
  return (form === 'B N S D' && x.rank === 1 ? beforeHeads(x.value, facts) : undefined) ?? x.value;
}

/** The value that stands in the rotation's place. */
export function emitRotary(emission: RotaryEmission, tables: Tables, facts: Facts): Value {
  const { rotation, layout } = emission;
  const { build } = tables;
  const rotate = (input: Value): Value => kernel(input, emission, tables);
  const headed = (merged: Value): Value => build.op('Reshape', [merged, build.ints(0, 0, -1, rotation.lanes)]);
  const merged = (input: Value): Value => build.op('Reshape', [input, build.ints(0, 0, -1)]);
  const x = inForm(emission, tables);
  switch (layout.form) {
    case 'B N S D': {
      const before = inputOf(rotation, layout, facts);
      if (before === rotation.x.value) return asY(rotate(x), emission, tables);
      // Rotated before the heads are split and moved: whoever merges them again finds them merged.
      const flat = before.shape?.length === 4 ? merged(before) : before;
      const split = headed(rotate(flat));
      return asY(build.op('Transpose', [split], { perm: [0, 2, 1, 3] }), emission, tables);
    }
    case 'B S N D':
      return asY(headed(rotate(merged(x))), emission, tables);
    case 'B S D':
      return asY(rotate(x), emission, tables);
    case 'S … D': {
      const turned = rotate(merged(build.unsqueeze(x, [0])));
      return asY(build.op('Reshape', [turned, build.op('Shape', [x])]), emission, tables);
    }
  }
}

function kernel(input: Value, { rotation, layout, cos, sin }: RotaryEmission, tables: Tables): Value {
  const { width, lanes, isInterleaved } = rotation;
  const heads = typeof layout.heads === 'number' ? layout.heads : 0;
  const inputs = [input, positionsOf(layout, cos, tables), tables.rows(cos), tables.rows(sin)];
  const attributes = {
    interleaved: isInterleaved ? 1 : 0,
    num_heads: heads || undefined,
    rotary_embedding_dim: width < lanes ? width : undefined,
  };
  return tables.build.op('RotaryEmbedding', inputs, attributes, { domain: 'com.microsoft', type: input.type });
}

/** The row of the tables for each row of the input. */
function positionsOf({ batchAxis, positionAxis }: RotaryLayout, cos: Selection, tables: Tables): Value {
  const { build } = tables;
  if (batchAxis === undefined) return tables.once('positions', () => build.ints(0));
  return tables.once(`positions ${keyOf(cos)}`, () => {
    const sizes = build.op('Shape', [cos.value]);
    const axes = batchAxis === positionAxis ? [0, 0] : [batchAxis, positionAxis];
    const shape = build.op('Gather', [sizes, build.ints(axes)]);
    const count = build.op('Gather', [build.op('Shape', [tables.rows(cos)]), build.constant('int64', 0)]);
    const range = build.op('Range', [build.constant('int64', 0), count, build.constant('int64', 1)]);
    return build.op('Reshape', [range, shape]);
  });
}

/** The input with a head's lanes as one axis. */
function inForm({ rotation: { x, lanes } }: RotaryEmission, { build }: Tables): Value {
  if (x.rank === 1) return x.value;
  const lead = (x.value.shape?.length as number) - x.rank;
  const value = build.op('Reshape', [x.value, build.ints(Array<number>(lead).fill(0), lanes)]);
  value.type = x.value.elem && tensorType(x.value.elem, [...(x.value.shape ?? []).slice(0, lead), lanes]);
  return value;
}

/** The result in the form that the graph has it in. */
function asY(value: Value, { rotation: { y } }: RotaryEmission, { build }: Tables): Value {
  if (y.rank === 1) return value;
  const shape = y.value.shape ?? [];
  const lead = shape.length - y.rank;
  return build.op('Reshape', [value, build.ints(Array<number>(lead).fill(0), shape.slice(lead) as number[])]);
}

/** The source of a [B, N, S, D] behind a Transpose alone: [B, S, N·D] or [B, S, N, D]. */
function beforeHeads(x: Value, facts: Facts): Value | undefined {
  const view = viewOf(x, facts);
  if (view?.scale !== 1 || view.axes.length !== 4 || view.base === x) return undefined;
  const [batch = [], heads = [], rows = [], columns = []] = view.axes;
  const isSplit = isBase(view, [batch, rows, [...heads, ...columns]]) || isBase(view, [batch, rows, heads, columns]);
  return isSplit ? view.base : undefined;
}
