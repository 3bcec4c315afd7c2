/** The parts of the report from which it can be made again: files by content, command and settings. */
import { z } from 'zod';
import { count } from './common.js';

const file = z.object({
  name: z.string().describe('Without its folder.'),
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What the job read, by content. */
export const hashes = z
  .object({
    model: file,
    data: z.array(file).describe('The files that hold its weights.'),
    inputs: z.array(file).describe('Those that were given with --inputs.'),
  })
  .optional()
  .describe('Absent where the model was not read from a file, and where no details were asked for.');

export const recipe = z
  .object({
    command: z.string().describe('A command that makes the result again, with the version that made it.'),
    config: z.record(z.string(), z.unknown()).describe('The same as a config file: every setting that was given.'),
  })
  .optional();

/** Of a report that an older version wrote. */
export const upgraded = z
  .object({
    from: count.describe('Its version.'),
    missing: z.array(z.string()).describe('The fields that this version would have.'),
    text: z.string().describe('The same in words.'),
  })
  .optional()
  .describe('Set by readReport alone.');
