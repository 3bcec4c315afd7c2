/** Sizes of files as callers write them. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { bytesOfFile, optionsIn } from '../../src/ir/options/options.js';

const read = (shard: unknown) => optionsIn(z.object({ shard: bytesOfFile }), { shard }, 'writeModel').shard;

it.each([
  ['16KB', 16_000],
  ['16kB', 16_000],
  ['16kb', 16_000],
  [' 1.5 Mb ', 1_500_000],
  ['500MB', 500_000_000],
  ['2GB', 2_000_000_000],
  ['2gb', 2_000_000_000],
  ['7b', 7],
  ['7', 7],
  [7, 7],
])('%s is %i bytes', (written, bytes) => {
  expect(read(written)).toBe(bytes);
});

it.each(['2KiB', '2TB', '2K', '0kB', '-1MB', 'kB', '', 0, -1, 1.5])('%s is refused', (written) => {
  expect(() => read(written)).toThrow(/^writeModel: shard: expected bytes above 0, or 500MB or 2GB; found /);
});
