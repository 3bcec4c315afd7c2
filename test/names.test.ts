/**
 * Names that JavaScript's objects have themselves, or that have a meaning elsewhere: as ports, dims, ops, domains,
 * metadata keys and node names.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { contractOf } from '../src/contract/contract.js';
import { declarationsOf } from '../src/contract/declarations.js';
import { unflatten } from '../src/contract/unflatten.js';
import { explain } from '../src/explain.js';
import { inferTypes } from '../src/infer/index.js';
import { named } from '../src/ir/collections/named.js';
import { tensorOf } from '../src/ir/tensors/numbers.js';
import { printModel } from '../src/ir/whole-model/print.js';
import { optimizeFile } from '../src/job/optimize-file.js';
import { readModel } from '../src/onnx/read.js';
import { findBlocks } from '../src/region/blocks/index.js';
import { inspectModel } from '../src/report/inspect/inspection.js';
import { reportJson } from '../src/run/report/report-json.js';
import { closeRuntime } from '../src/runtime/evaluate.js';
import { RuntimeProcess } from '../src/runtime/isolate.js';
import { fromTensorData, toTensorData } from '../src/runtime/tensor-data.js';
import { floats, modelBytes, node } from './onnx/bytes.js';

const folder = mkdtempSync(join(tmpdir(), 'names-'));
afterAll(async () => {
  await closeRuntime();
  rmSync(folder, { recursive: true });
});

const port = (name: string, dim: string, size = 8) => ({
  name,
  type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: dim }, { dimValue: size }] } } },
});
const weights = (name: string) =>
  floats(
    name,
    Array.from({ length: 64 }, (_, i) => Math.sin(i) / 4),
    [8, 8],
  );

/** out = Gelu(x · w + w[0]) and other = Softmax(x), by these names; a function of a name beside them. */
function model(x: string, out: string, other: string, dim: string): Uint8Array {
  const inner = ['toString', 'a/b.c', '\u202egnp\u0001', 'z'.repeat(3000), 'hasOwnProperty', 'isPrototypeOf'] as const;
  const [w, product, halved, erf, more, called] = inner;
  return modelBytes(
    {
      opsetImport: [
        { domain: '', version: 17 },
        { domain: '__proto__', version: 1 },
      ],
      metadataProps: [
        { key: '__proto__', value: 'constructor' },
        { key: 'constructor', value: '' },
      ],
      functions: [
        {
          name: 'constructor',
          domain: '__proto__',
          input: ['__proto__'],
          output: ['valueOf'],
          node: [node('Neg', ['__proto__'], ['toString']), node('Neg', ['toString'], ['valueOf'])],
          opsetImport: [{ domain: '', version: 17 }],
        },
      ],
    },
    {
      name: '__proto__',
      initializer: [weights(w), floats('sqrt', [Math.SQRT2]), floats('one', [1]), floats('half', [0.5])],
      input: [port(x, dim)],
      node: [
        node('constructor', [x], [called], { domain: '__proto__', name: '__proto__' }),
        node('MatMul', [called, w], [product], { name: 'constructor' }),
        node('Div', [product, 'sqrt'], [halved], { name: '__defineGetter__' }),
        node('Erf', [halved], [erf]),
        node('Add', [erf, 'one'], [more]),
        node('Mul', [product, more], ['twice']),
        node('Mul', ['twice', 'half'], [out], { name: 'valueOf' }),
        node('Softmax', [x], [other], { name: '' }),
      ],
      output: [port(out, dim), port(other, dim)],
    },
  );
}

const cases = [
  ['__proto__', 'constructor', 'toString2', 'hasOwnProperty', ['exact', 'half']],
  ['constructor', '__proto__', 'valueOf', '__proto__', ['inline,exact,fp16']],
  ['toLocaleString', 'propertyIsEnumerable', '__proto__', 'constructor', ['flatten-outputs,exact']],
] as const;

describe.each(cases)('a model from "%s" to "%s" and "%s", of dim "%s"', (x, out, other, dim, lists) => {
  const path = join(folder, 'model.onnx');
  const feeds = () => {
    const numbers = Array.from({ length: 24 }, (_, i) => Math.cos(i));
    return named([[x, toTensorData(tensorOf('float32', numbers, [3, 8]))]]);
  };
  async function run(file: string) {
    const runtime = await RuntimeProcess.start();
    try {
      const session = await runtime.load(file, { provider: 'cpu', threads: 1 });
      const { outputs } = await session.run(feeds());
      return [out, other].map(
        (name) =>
          new Float32Array(
            fromTensorData(outputs[name] as never)
              .bytes()
              .slice().buffer,
          ),
      );
    } finally {
      await runtime.close();
    }
  }

  it('is shown, and its contract restores results', async () => {
    const read = await readModel(model(x, out, other, dim));
    const inspection = inspectModel(read, inferTypes(read), { values: true, find: findBlocks });
    expect(Object.entries(JSON.parse(JSON.stringify(inspection)).metadata)).toEqual([
      ['__proto__', 'constructor'],
      ['constructor', ''],
    ]);
    expect(inspection.opsets).toEqual(
      Object.fromEntries([
        ['ai.onnx', 17],
        ['__proto__', 1],
      ]),
    );
    expect(printModel(read)).toContain(out);
    expect((await explain(read)).map(({ fused }) => fused)).toEqual([true]);
    const contract = contractOf(read);
    expect(declarationsOf(contract)).toContain(out);
    const results = named(
      [out, other].map((name) => [name, { type: 'float32', dims: [1], data: new Float32Array(1) }]),
    );
    expect(Object.keys(unflatten(results, JSON.parse(JSON.stringify(contract))))).toEqual([out, other]);
    expect(() => unflatten({}, contract)).toThrow('expected an output');
  });

  it.each(lists)('%s is proven, and gives what the original gives', async (passes) => {
    writeFileSync(path, model(x, out, other, dim));
    const result = join(folder, `${passes}.onnx`);
    const report = await optimizeFile(path, passes, { out: result, force: true, speed: false, contract: true });
    expect(report.outcome?.takenBack).toEqual([]);
    expect(report.accuracy?.outputs.map(({ name }) => name)).toEqual([out, other]);
    expect(report.gates.every(({ passed }) => passed)).toBe(true);
    expect(JSON.parse(reportJson(report)).model.after.opsets).toBeDefined();
    const [before, after] = [await run(path), await run(result)];
    before.forEach((numbers, at) => {
      const error = Math.max(...numbers.map((number, i) => Math.abs(number - (after[at]?.[i] ?? Number.NaN))));
      expect(error).toBeLessThan(/half|fp16/.test(passes) ? 0.02 : 1e-5);
    });
    expect(
      JSON.parse(readFileSync(result.replace('.onnx', '.contract.json'), 'utf8')).outputs.map(
        ({ name }: { name: string }) => name,
      ),
    ).toEqual([out, other]);
  });

  it('is frozen by the name of its dim, and by the name of its input', async () => {
    writeFileSync(path, model(x, out, other, dim));
    const result = join(folder, 'frozen.onnx');
    for (const sizes of [{ dims: named([[dim, 3]]) }, { shapes: named([[x, [3, 8]]]) }]) {
      await optimizeFile(path, 'simplify', { out: result, force: true, speed: false, ...sizes });
      const frozen = await readModel(result);
      expect(inspectModel(frozen, inferTypes(frozen)).inputs).toEqual([{ name: x, type: 'float32[3, 8]' }]);
    }
  });
});
