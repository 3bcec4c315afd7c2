/**
 * The node tests of the ONNX repository (onnx/backend/test/data/node, as it was until the data left the repository): one
 * small model each, with the inputs it was run on and the outputs it must give. From releases 1.18 down to 1.2 come the
 * cases of older versions of operators. What inference needs of them is packed in fixtures/backend-nodes.br: all models, the
 * types and shapes of inputs and outputs, and small contents.
 *
 * `node bench/run.mjs test/infer/backend-pack.ts <folder of test_…> [folders of older releases]` packs them again and writes backend-cases.tsv, the list
 * of results: dims of each case's outputs, and how many are a number or an expression over the inputs' symbols when the case
 * is inferred as backend-judge.ts says. The rest follows from what the inputs hold, not from their shapes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { root } from '../models.js';

/** A tensor that a case was run with, or that it gave. */
export interface ObservedTensor {
  readonly elem: string;
  readonly shape: readonly number[];
  /** What it holds, where that is short. */
  readonly numbers?: readonly number[];
}

/** A value that a case was run with, or that it gave: a tensor, the elements of a sequence, what an optional holds. */
export type Observed =
  | ObservedTensor
  | { readonly sequence: readonly Observed[] }
  | { readonly optional: Observed | null };

export interface BackendCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly inputs: readonly Observed[];
  readonly outputs: readonly Observed[];
}

/** Everything but the model's bytes. */
type Header = Omit<BackendCase, 'model'> & { readonly bytes: number };

/** From the repository's root. */
export const packPath = 'fixtures/backend-nodes.br';
export const listPath = 'test/infer/backend-cases.tsv';

/** Length of the header, the header as JSON, the models one after another. */
export function packCases(cases: readonly BackendCase[]): Uint8Array {
  const headers = cases.map(({ model, ...rest }): Header => ({ ...rest, bytes: model.length }));
  const header = Buffer.from(JSON.stringify(headers));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return Buffer.concat([length, header, ...cases.map(({ model }) => model)]);
}

/** The pack, read from the repository's root or from a path. */
export function readCases(path = join(root, packPath)): BackendCase[] {
  const packed = brotliDecompressSync(readFileSync(path));
  let at = 4 + packed.readUInt32LE(0);
  const headers = JSON.parse(packed.toString('utf8', 4, at)) as Header[];
  return headers.map(({ bytes, ...rest }) => {
    const model = Uint8Array.from(packed.subarray(at, at + bytes));
    at += bytes;
    return { ...rest, model };
  });
}
