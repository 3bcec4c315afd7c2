/** Types of 8 bits and fewer: read, counted, printed and written back; and what inference and passes make of them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../passes/index.js';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel } from '../../src/ir/build.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { byteLengthOf, type DataType, dataTypes } from '../../src/ir/types.js';
import { printModel } from '../../src/ir/whole-model/print.js';
import { summarize } from '../../src/ir/whole-model/summary.js';
import { optimizeFile } from '../../src/job/optimize-file.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { applyPass } from '../check-pass.js';
import { fixtures } from '../models.js';
import { runModel } from '../run-model.js';

const path = join(fixtures, 'types/narrow.onnx');
const { numbers } = JSON.parse(readFileSync(join(fixtures, 'types/narrow.json'), 'utf8')) as {
  numbers: Record<string, string>;
};
const types = Object.keys(dataTypes).filter(
  (type) => /^float[468]|int[24]$/.test(type) && `raw_${type}` in numbers,
) as DataType[];

describe('types of 8 bits and fewer', async () => {
  const model = await readModel(path);
  const constants = new Map([...model.graph.constants].map((value) => [value.name, value]));

  it('are those of ONNX', () => expect(types).toHaveLength(12));

  it.each(types.flatMap((type) => [`raw_${type}`, `typed_${type}`]))('%s holds the numbers that onnx reads', (name) => {
    const tensor = constants.get(name)?.tensor;
    expect(tensor && [...numbersOf(tensor)]).toEqual(numbers[name]?.split(' ').map(Number));
  });

  it.each(types)('%s is written as it is read', (type) => {
    const tensor = constants.get(`raw_${type}`)?.tensor as Tensor;
    const given = [...numbersOf(tensor)];
    const written = tensorOf(type, given);
    expect([...numbersOf(written)]).toEqual(given.map((x) => (Math.abs(x) === Infinity ? Math.sign(x) * 57344 : x)));
  });

  it.each(types.filter((type) => /^float8e[45]/.test(type)))('%s is rounded as onnxruntime rounds', async (type) => {
    const list = Array.from({ length: 400 }, (_, i) => Math.sin(i) * 2 ** ((i % 40) - 20));
    const x = tensorOf('float32', list);
    const cast = buildModel({ '': 23 }, (g) => {
      const narrow = g.op('Cast', [g.input('x', 'float32', [400])], { to: dataTypes[type].code });
      g.output('y', g.op('Cast', [narrow], { to: 1 }), 'float32', [400]);
    });
    const { y } = await runModel(await writeModel(cast), { x });
    const own = numbersOf(tensorOf(type, numbersOf(x)));
    expect([...numbersOf(y as Tensor)].map((n) => n + 0)).toEqual([...own].map((n) => n + 0));
  });

  it.each(['float8e4m3fn', 'int4', 'int2'] as const)(
    'a port of %s is a reason not to prove, in words',
    async (type) => {
      const before = buildModel({ '': 25 }, (g) => {
        g.output('y', g.op('Cast', [g.input('x', type, [4])], { to: 1 }), 'float32', [4]);
      });
      const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-types-'));
      try {
        writeFileSync(join(folder, 'model.onnx'), await writeModel(before));
        const report = await optimizeFile(join(folder, 'model.onnx'), 'half', {
          target: 'cpu',
          onGate: 'report',
          speed: false,
        });
        expect(report.gates.map(({ detail }) => detail).join()).toMatch(
          new RegExp(`the original does not run: onnxruntime-node cannot (exchange|take) tensors of ${type}`),
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  it('are written back byte for byte', async () => {
    expect(Buffer.from(await writeModel(model)).equals(readFileSync(path))).toBe(true);
    const edited = await readModel(path);
    for (const value of edited.graph.constants) value.name += '_renamed';
    const again = await readModel(await writeModel(edited));
    for (const value of again.graph.constants)
      expect(value.tensor?.bytes()).toEqual(constants.get(value.name.replace('_renamed', ''))?.tensor?.bytes());
  });

  it('are counted in bytes', () => {
    const expected = types.map((type) => [type, byteLengthOf(type, 2 ** dataTypes[type].bits) + byteLengthOf(type, 7)]);
    expect(summarize(model).bytesByType).toEqual(Object.fromEntries(expected));
    expect(byteLengthOf('float6e2m3', 7)).toBe(6);
  });

  it('are printed', () => {
    const text = printModel(model);
    expect(text).toContain('%raw_int2 = int2[4] {0, 1, -2, -1}');
    expect(text).toContain('%typed_float6e3m2 = float6e3m2[7] {0.1875, 0.5, 1.25, 3, 7, 16, -0.0625}');
  });

  it('are inferred', () => {
    const copy = buildModel({ '': 25 }, (g) => {
      const scale = g.constant('float32', 0.5);
      for (const type of types) {
        const narrow = g.op('Cast', [g.input(`x_${type}`, 'float32', [4])], { to: dataTypes[type].code });
        g.output(`cast_${type}`, narrow);
        g.output(`given_${type}`, g.op('DequantizeLinear', [narrow, scale]));
        g.output(
          `taken_${type}`,
          g.op('QuantizeLinear', [g.input(`q_${type}`, 'float32', [4]), scale], { output_dtype: dataTypes[type].code }),
        );
      }
    });
    inferTypes(copy);
    for (const [index, { name }] of copy.graph.outputPorts.entries()) {
      const [kind, type] = name.split('_');
      expect(copy.graph.outputs[index]?.elem, name).toBe(kind === 'given' ? 'float32' : type);
    }
  });

  it.each(catalogue.map((pass) => [pass.definition.name, pass] as const))('%s carries them', async (_name, pass) => {
    const result = await applyPass(pass(), model);
    expect(result.passes[0]?.skips.filter(({ reason }) => reason === '')).toEqual([]);
    const again = await readModel(await writeModel(result.model));
    for (const value of again.graph.constants) {
      const before = constants.get(value.name)?.tensor;
      if (before && value.tensor?.type === before.type) expect(value.tensor.bytes()).toEqual(before.bytes());
    }
    expect(again.graph.outputPorts.map(({ name }) => name)).toEqual(model.graph.outputPorts.map(({ name }) => name));
  });
});
