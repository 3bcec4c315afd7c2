/** Inputs that are no models, each with the one line of its error. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ModelError } from '../../src/ir/text/errors.js';
import { readModel } from '../../src/onnx/read.js';

/** `{file}` in a message stands for the file's path. */
export type Case = readonly [name: string, bytes: Uint8Array | (() => Uint8Array), message: string];

export const damaged = 'The file is not an ONNX model, or is damaged';
export const truncated = 'The file is truncated: copy it again';

/** What reading ends in: a ModelError's message. */
export async function messageOf(source: string | Uint8Array): Promise<string> {
  try {
    await readModel(source);
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    return (error as Error).message;
  }
  return 'read without an error';
}

/** A folder that is removed when the tests of the file are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A test of each case, as a file and as bytes in memory. */
export function check(folder: string, cases: readonly Case[]): void {
  it.each(cases)('%s', async (_, make, message) => {
    const bytes = typeof make === 'function' ? make() : make;
    const path = join(folder, 'model.onnx');
    writeFileSync(path, bytes);
    expect((await messageOf(path)).replaceAll(path, '{file}')).toBe(message);
    expect(message).not.toContain('\n');
    expect(await messageOf(bytes)).toBe(message.replaceAll('{file}', 'model'));
  });
}

/** Bytes that no one chose, the same every time. */
export function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
