/** A target is one entry and its kernels: nobody else names targets to tell them apart. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  accelerators,
  computesIn,
  gainsFrom,
  HOST,
  isHost,
  looksUp,
  targetChoices,
  targets,
} from '../../src/ir/targets/targets.js';
import { hasKernel } from '../../src/runtime/kernels.js';

const root = new URL('../../', import.meta.url).pathname;
const sources = ['src', 'passes', 'cli'].flatMap((folder) =>
  (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file)),
);

const name = `['"](?:${targets.join('|')})['"]`;
/** A comparison with a name, and a list of two names or more. */
const byHand = [`[=!]==? ${name}`, `case ${name}`, `${name}(?: as const)?[,\\s|]+${name}`].map(
  (pattern) => new RegExp(pattern),
);

describe('targets', () => {
  it('are compared by name, or listed, in no other file', () => {
    const found = sources
      .filter((file) => file !== join('src', 'ir', 'targets.ts'))
      .filter((file) => {
        const text = readFileSync(join(root, file), 'utf8');
        return byHand.some((pattern) => pattern.test(text));
      });
    expect(found).toEqual([]);
  });

  it('are the host and its accelerators, and auto may be asked for', () => {
    expect([...targets].sort()).toEqual([HOST, ...accelerators].sort());
    expect(targetChoices.slice(0, targets.length + 1)).toEqual(['auto', ...targets]);
    expect(targets.filter(isHost)).toEqual([HOST]);
  });

  it.each(targets)('%s answers what it can do, and has kernels', (target) => {
    for (const type of ['float16', 'bfloat16', 'int8'] as const) expect(computesIn(target, type)).toBeTypeOf('boolean');
    expect(gainsFrom(target, 'norm with residual')).toBeTypeOf('boolean');
    expect(hasKernel(target, 'MatMul', '', 17, 'float32')).toBe(true);
    // What products are computed in has a kernel; where int8 is computed in, the activations are quantized as well.
    for (const type of ['float16', 'bfloat16'] as const)
      if (computesIn(target, type)) expect(hasKernel(target, 'MatMul', '', 17, type)).toBe(true);
    for (const type of ['float16', 'bfloat16', 'int8'] as const) {
      const has = hasKernel(target, 'Gather', '', 17, type) && hasKernel(target, 'Cast', '', 17, type, 'float32');
      expect(looksUp(target, type), type).toBe(has);
    }
    if (computesIn(target, 'int8')) expect(hasKernel(target, 'DynamicQuantizeLinear', '', 17, 'float32')).toBe(true);
  });
});
