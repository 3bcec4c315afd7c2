/** Inputs from files, which a browser does not have: built in place of `src/validate/inputs/files/given.ts`. */
import { UsageError } from '../ir/text/usage-error.js';
import type { GivenSet } from '../validate/inputs/files/given.js';

export type { GivenSet } from '../validate/inputs/files/given.js';

export function givenSets(path: string): GivenSet[] {
  throw new UsageError(
    `inputs: expected Node, which has files; found a browser, asked for ${path}. Leave it out: inputs are made up`,
  );
}
