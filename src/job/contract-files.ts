/** Writes the contract of a model beside it: `out.contract.json` and `out.d.ts` for `out.onnx`. */
import { CONTRACT_SCHEMA, contractOf } from '../contract/contract.js';
import { DECLARATIONS_HEAD, declarationsOf } from '../contract/declarations.js';
import type { TextFile, WrittenSet } from '../disk/write-set.js';
import type { Model } from '../ir/model.js';
import { UsageError } from '../ir/text/usage-error.js';

export const contractPathsOf = (out: string): readonly [contract: string, declarations: string] => {
  const base = out.replace(/\.onnx$/, '');
  return [`${base}.contract.json`, `${base}.d.ts`];
};

/** Throws UsageError if a foreign file has one of these names. */
export async function checkContractPaths(out: string): Promise<void> {
  const { readFile } = await import('node:fs/promises');
  for (const [index, path] of contractPathsOf(out).entries()) {
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

/** The texts of both files, for the model that is written with them. */
export function contractFiles(model: Model, out: string, { sha256 }: WrittenSet): readonly TextFile[] {
  const file = out.replace(/^.*[\\/]/, '');
  const contract = { ...contractOf(model), model: { file, sha256 } };
  const [contractPath, declarationsPath] = contractPathsOf(out);
  return [
    { path: contractPath, text: `${JSON.stringify(contract, undefined, 2)}\n` },
    { path: declarationsPath, text: declarationsOf(contract) },
  ];
}
