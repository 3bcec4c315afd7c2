/** What ops do to elements stands in their rows: few other files name several ops that move them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;
const ops = ['Reshape', 'Transpose', 'Expand', 'Squeeze', 'Unsqueeze', 'Slice'];

/** Without comments, nodes that are made, and questions after one op. */
const listsIn = (text: string): string =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .replaceAll(/(?:\.is|\bop|\badd|\bnode|#along|\bsole|\bproducerOf)\((?:[\w.?![\] ]+, )?'\w+'/g, '');

test('no other file beside src/ops lists ops that move elements', () => {
  const files = ['src', 'passes', 'cli'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  const found = files.filter((path) => {
    const text = listsIn(readFileSync(join(root, path), 'utf8'));
    return !path.startsWith('src/ops/') && ops.filter((op) => new RegExp(`\\b${op}\\b`).test(text)).length >= 3;
  });
  // Tables of data: the schemas and what is made of them, the kernels of providers, which versions of an op are alike and what to change between them.
  // Passes that refuse every op that they do not name, as what they ask is not what moves: rows kept apart, sizes, integers of a type.
  const refusing = ['batch/rows', 'ports/int32', 'static-kv/sizes', 'static-kv/strides', 'static-kv/tokens'];
  expect(found.sort()).toEqual([
    ...refusing.map((name) => `passes/${name}.ts`),
    'src/match/op-inputs.ts',
    'src/onnx/schemas/schema-table.ts',
    'src/opset/changes.ts',
    'src/opset/same.ts',
    'src/runtime/kernels/cpu.ts',
    'src/runtime/kernels/cuda.ts',
    'src/runtime/kernels/probe/forms/standard-forms.ts',
    'src/runtime/kernels/probe/verdict.ts',
    'src/runtime/kernels/webgpu.ts',
  ]);
});
