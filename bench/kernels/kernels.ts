/**
 * Measures which provider has which kernel, and writes the tables of `src/runtime/kernels`: `npm run kernels -- cpu webgpu cuda`. Of each
 * operator, one-node models in every version and element type are given to the runtime, which says where it places them.
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from '../../src/ir/targets/targets.js';
import type { DataType } from '../../src/ir/types.js';
import { versionsOf } from '../../src/run/machine.js';
import { kernelTable } from '../../src/runtime/kernels/table.js';
import { root } from '../usage.js';
import { allTries } from './tries.js';
import { type Verdict, verdictsOf, writeTries } from './verdict.js';

const providers = process.argv.slice(2) as Target[];
const tries = await allTries();
const folder = await mkdtemp(join(tmpdir(), 'onnx-passes-kernels-'));
try {
  const written = await writeTries(tries, folder);
  for (const provider of providers) {
    const verdicts = await verdictsOf(written, provider);
    const found = new Map<string, Map<DataType, Set<Verdict>>>();
    for (const { one, verdict } of verdicts) {
      if (verdict === 'invalid') continue;
      const row = found.get(one.version) ?? new Map<DataType, Set<Verdict>>();
      found.set(one.version, row);
      row.set(one.elem, (row.get(one.elem) ?? new Set()).add(verdict));
    }
    const text = kernelTable.print(found);
    const path = join(root, `src/runtime/kernels/${provider}.ts`);
    writeFileSync(path, await fileText(provider, text));
    process.stdout.write(`${path}: ${text.split('\n').length} lines, from ${written.length} models\n`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function fileText(provider: Target, table: string): Promise<string> {
  const { 'onnxruntime-node': runtime } = await versionsOf();
  return `/** Written by \`npm run kernels\`: the kernels of onnxruntime-node ${runtime}'s ${provider} provider. See table.ts for the form of a line. */
export const ${provider} = \`
${table}
\`;
`;
}
