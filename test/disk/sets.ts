/** Small models with distinguishable files, and the model that a reader finds at their path. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FileSet } from '../../src/disk/write-set.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModelSet } from '../../src/onnx/write.js';

/** y = x + w, with w the same number 400 times. */
export const model = (number: number): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [400]);
    g.output('y', g.op('Add', [x, g.constant('float32', new Array(400).fill(number), [400], 'w')]), 'float32', [400]);
  });

/** A contract of a kind: it says whose it is. */
export const withContract =
  (path: string): FileSet['beside'] =>
  ({ sha256 }) => [{ path: path.replace(/onnx$/, 'json'), text: sha256 }];

/** Writes a model as a user would: `options` say with what. */
export const write = (of: Model, path: string, { externalData = false, contract = false } = {}) =>
  writeModelSet(of, path, { externalData }, contract ? withContract(path) : undefined);

/** The number that a model at a path adds, all of whose weights agree; its contract must be its own, or be seen not to be. */
export async function numberAt(path: string): Promise<number> {
  const { graph } = await readModel(path);
  const [weight] = [...graph.constants];
  const bytes = weight?.tensor?.bytes() as Uint8Array;
  const numbers = new Set(new Float32Array(bytes.slice().buffer));
  if (numbers.size !== 1) throw new Error(`expected one number; found ${[...numbers]}`);
  return [...numbers][0] as number;
}

export const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** An empty folder. */
export function empty(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** What a folder holds, by name. */
export const contents = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, sha256(join(folder, name))]));
