/** Small models whose types are stated as text and held against the runtime at the sizes given. */
import { expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import { dimText } from '../../src/ir/dims/dims.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../src/ir/tensors/tensor.js';
import { typeText } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { checkClaims } from './claims.js';

/** Defines a graph; the values it gives are its outputs. */
export type Define = (g: GraphBuilder) => Value | readonly Value[];

export interface CaseOptions {
  /** Sets of sizes for the inputs' symbols; default one set, each symbol of another size. */
  readonly sizes?: readonly Readonly<Record<string, number>>[];
  readonly opset?: number;
  /** Numbers of an input, repeated as often as needed; default 1. */
  readonly values?: Readonly<Record<string, readonly number[]>>;
  /** What the first output holds, as text. */
  readonly contents?: readonly string[];
  /** False where the runtime has no kernel: types alone. */
  readonly runs?: boolean;
}

/** Checks that the outputs' types read as stated, unknown dims as `?`, and that a run agrees. */
export function typed(label: string, define: Define, expected: readonly string[], options: CaseOptions = {}): void {
  it(`${label} ⟶ ${expected.join(', ')}`, async () => {
    const opsets = { '': options.opset ?? 17, 'com.microsoft': 1, 'ai.onnx.ml': 3 };
    const model = buildModel(opsets, (g) => {
      const given = define(g);
      for (const [index, value] of [given].flat().entries()) g.output(`out ${index}`, value as Value);
    });
    const facts = inferTypes(model);
    expect(model.graph.outputs.map(({ type }) => typeText(type).replaceAll(/\?\d+/g, '?'))).toEqual(expected);
    if (options.contents)
      expect(facts.contents(model.graph.outputs[0] as Value)?.map(dimText)).toEqual(options.contents);
    if (options.runs === false) return;
    const feeds = (options.sizes ?? [{}]).map((sizes) =>
      Object.fromEntries(
        model.graph.inputs.map(({ name, type }): [string, Tensor] => {
          if (type?.kind !== 'tensor') throw new TypeError(`${name}: a tensor is needed`);
          const shape = (type.shape ?? []).map((dim) => (typeof dim === 'number' ? dim : (sizes[dimText(dim)] ?? 2)));
          const values = options.values?.[name] ?? [1];
          const numbers = Array.from({ length: elementCount(shape) }, (_, i) => values[i % values.length] as number);
          return [name, tensorOf(type.elem, numbers, shape)];
        }),
      ),
    );
    const { wrong, checked } = await checkClaims(model, feeds);
    expect(wrong).toEqual([]);
    expect(checked).toBeGreaterThan(0);
  });
}
