/**
 * The options of reading a model, checked without zod: a page that reads models and does no more would load three times its size for five options.
 * Messages are those of `optionsIn`.
 */

import { budgetNames, type Limits } from '../ir/options/budget.js';
import { foundText, UsageError, unknownText } from '../ir/text/usage-error.js';

/** How far a model that is read is trusted. */
export interface ReadOptions {
  /** Lets external data lie outside the model's folder: absolute paths, `..`, links. Off, because a model is not trusted with your files. */
  readonly allowOutsideData?: boolean;
  /** How much work the numbers of the model may ask for, by name; the report says which budget was hit. */
  readonly budget?: Limits;
  /** The folder of the external data of a model given as bytes. */
  readonly folder?: string;
  /** External data at hand, by its name in the model: it is not looked for elsewhere. */
  readonly data?: Readonly<Record<string, Uint8Array | Blob>>;
  /** Called with the path of each file that the model is read from: its own, and those of its external data, with their names in the model. */
  readonly onFile?: (path: string, location?: string) => void;
}

interface Kind {
  readonly expected: string;
  fits(value: unknown): boolean;
}

const budgets = new Set<string>(budgetNames);
const isLimit = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isRecord = (value: unknown, fits: (name: string, item: unknown) => boolean): boolean =>
  typeof value === 'object' && value !== null && Object.entries(value).every(([name, item]) => fits(name, item));

const kinds: Readonly<Record<keyof ReadOptions, Kind>> = {
  allowOutsideData: { expected: 'expected true or false', fits: (value) => typeof value === 'boolean' },
  budget: {
    expected: `expected whole numbers by budget: ${budgetNames.join(' | ')}`,
    fits: (value) => isRecord(value, (name, item) => budgets.has(name) && isLimit(item)),
  },
  folder: { expected: 'expected text', fits: (value) => typeof value === 'string' },
  data: {
    expected: 'expected a Uint8Array, Blob or File for each name',
    fits: (value) => isRecord(value, (_, item) => item instanceof Uint8Array || item instanceof Blob),
  },
  onFile: { expected: 'expected a function', fits: (value) => typeof value === 'function' },
};

/** The options that are `given` themselves. Throws UsageError for an option that does not exist, and for a value of another kind. */
export function readOptionsIn(given: unknown): ReadOptions {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new UsageError(
      `readModel: expected an object of options; found ${Array.isArray(given) ? 'a list' : foundText(given)}`,
    );
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof ReadOptions] : undefined;
    if (!kind) throw new UsageError(`readModel: ${unknownText('option', name, Object.keys(kinds))}`);
    if (value !== undefined && !kind.fits(value))
      throw new UsageError(`readModel: ${name}: ${kind.expected}; found ${foundText(value)}`);
  }
  return { ...given };
}
