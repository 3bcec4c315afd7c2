/** The contract of a written model, beside it: `out.contract.json` and `out.d.ts` for `out.onnx`. */
import { CONTRACT_SCHEMA, contractOf } from './contract/contract.js';
import { DECLARATIONS_HEAD, declarationsOf } from './contract/declarations.js';
import type { Model } from './ir/model.js';
import { UsageError } from './run/usage-error.js';

const pathsOf = (out: string): readonly [contract: string, declarations: string] => {
  const base = out.replace(/\.onnx$/, '');
  return [`${base}.contract.json`, `${base}.d.ts`];
};

/** Throws UsageError where a file that is none of ours stands in the way. */
export async function checkContractPaths(out: string): Promise<void> {
  const { readFile } = await import('node:fs/promises');
  for (const [index, path] of pathsOf(out).entries()) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    const isOurs = index === 0 ? text?.includes(`"schema": "${CONTRACT_SCHEMA}"`) : text?.startsWith(DECLARATIONS_HEAD);
    if (text !== undefined && !isOurs)
      throw new UsageError(
        `${path}: expected no file, or one that an earlier run wrote; found another. Use --force to overwrite it, or --no-contract`,
      );
  }
}

/** Writes both files and gives their paths; each appears whole or not at all. */
export async function writeContract(model: Model, out: string): Promise<readonly string[]> {
  const { rename, rm, writeFile } = await import('node:fs/promises');
  const contract = contractOf(model);
  const paths = pathsOf(out);
  const texts = [`${JSON.stringify(contract, undefined, 2)}\n`, declarationsOf(contract)];
  const temporary = (path: string): string => `${path}.${process.pid}.tmp`;
  try {
    for (const [index, path] of paths.entries()) await writeFile(temporary(path), texts[index] as string);
    for (const path of paths) await rename(temporary(path), path);
  } finally {
    for (const path of paths) await rm(temporary(path), { force: true });
  }
  return paths;
}
