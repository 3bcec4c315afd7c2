/**
 * Measures which provider has which kernel, and writes the tables of `src/runtime/kernels`: `npm run kernels -- cpu webgpu cuda`. Of each
 * operator, one-node models in every version and element type are given to the runtime, which says where it places them. `forms` writes those that are
 * taken from ONNX's node tests.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeVersion } from '../../src/installed-runtime.js';
import type { Target } from '../../src/ir/targets/targets.js';
import { findKernels } from '../../src/runtime/kernels/probe/probe.js';
import { kernelTable } from '../../src/runtime/kernels/table.js';
import { root } from '../usage.js';
import { formsFile } from './node-test-forms.js';

for (const word of process.argv.slice(2)) {
  if (word === 'forms') {
    write('src/runtime/kernels/probe/forms/standard-forms.ts', await formsFile());
    continue;
  }
  const provider = word as Target;
  const table = kernelTable.print(await findKernels(provider));
  const about = `the kernels of onnxruntime-node ${await runtimeVersion()}'s ${provider} provider`;
  const text = `/** Written by \`npm run kernels\`: ${about}. See table.ts for the form of a line. */
export const ${provider} = \`
${table}
\`;
`;
  write(`src/runtime/kernels/${provider}.ts`, text);
}

function write(path: string, text: string): void {
  writeFileSync(join(root, path), text);
  process.stdout.write(`${path}: ${text.split('\n').length} lines\n`);
}
