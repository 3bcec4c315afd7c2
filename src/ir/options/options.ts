/** Options as callers write them, checked by their schema: what is unknown or of another kind is an error with the remedy. */
import { z } from 'zod';
import { type DimSize, dimSizeText, rangeOf, readDimSize } from '../dims/range.js';
import { foundText, UsageError, unknownText } from '../text/usage-error.js';
import { budgetNames } from './budget.js';

/** Kinds of options that several functions take, each with what it expects. */
export const truth = z.boolean('expected true or false');
export const whole = 'expected a whole number';
export const size = z.number(whole).int(whole).nonnegative('expected 0 or more');
/** The size of a dim, or the range of its sizes: a number, text such as 1..512, or an object. */
export const dimSize = z
  .union(
    [z.number(), z.string(), z.object({ min: z.number(), max: z.number(), step: z.number().optional() })],
    dimSizeText,
  )
  .transform((given, context): DimSize => {
    try {
      if (typeof given === 'object') return rangeOf(given);
      return readDimSize(String(given));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue(error.message.replace(/; found .*/s, ''));
      return z.NEVER;
    }
  });
const fileNameText = 'expected the name of a file beside the model, not a path';
export const fileName = z.string(fileNameText).regex(/^(?!\.)[^/\\\0]+$/, fileNameText);
const bytesText = 'expected bytes above 0, or 500MB or 2GB';
const units = { '': 1, k: 1e3, m: 1e6, g: 1e9 } as const;
/** Bytes, or text with a unit, in any case; the result is bytes. */
export const bytesOfFile = z.union(
  [
    z.number(bytesText).int(bytesText).positive(bytesText),
    z.string().transform((text, context) => {
      const [, digits, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*(?:([kmg]?)b)?\s*$/.exec(text.toLowerCase()) ?? [];
      const value = Math.floor(Number(digits) * units[unit as keyof typeof units]);
      if (value > 0) return value;
      context.addIssue(bytesText);
      return z.NEVER;
    }),
  ],
  bytesText,
);
export const limits = z.partialRecord(
  z.enum(budgetNames),
  size,
  `expected whole numbers by budget: ${budgetNames.join(' | ')}`,
);
export const text = z.string('expected text');
export const called = <Call>() => z.custom<Call>((value) => typeof value === 'function', 'expected a function');
export const abortSignal = z.custom<AbortSignal>(
  (value) => typeof (value as AbortSignal | undefined)?.addEventListener === 'function',
  'expected an AbortSignal',
);
/** For what no caller writes by hand: it is of the kind that its type says. */
export const any = z.any();

export interface Wording {
  /** What an option is called: `option`, `setting`. */
  readonly noun?: string;
  /** An option as its author wrote it. */
  readonly nameOf?: (name: string) => string;
}

/**
 * The options that are `given` themselves, what an object inherits left out. Throws UsageError, naming the place, for an option that
 * the schema does not have, with the nearest that it has, and for a value of another kind.
 */
export function optionsIn<Schema extends z.ZodObject>(
  schema: Schema,
  given: unknown,
  place: string,
  { noun = 'option', nameOf = (name) => `${place}: ${name}` }: Wording = {},
): Partial<z.output<Schema>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new UsageError(
      `${place}: expected an object of ${noun}s; found ${Array.isArray(given) ? 'a list' : foundText(given)}`,
    );
  const names = Object.keys(schema.shape);
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw new UsageError(`${place}: ${unknownText(noun, name, names)}`);
  const checked = schema.partial().safeParse({ ...given });
  if (!checked.success)
    throw new UsageError(checked.error.issues.map((issue) => faultText(issue, given, nameOf)).join('; '));
  // Of what names are keys of, the schema's copy would lack `__proto__`.
  const records = Object.entries(given).filter(([name]) => schema.shape[name] instanceof z.ZodRecord);
  return { ...checked.data, ...Object.fromEntries(records) } as Partial<z.output<Schema>>;
}

/** What an option is expected to be, and what stands there. */
function faultText({ path, message }: z.core.$ZodIssue, given: object, nameOf: (name: string) => string): string {
  const found = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], given);
  const [name = '', ...rest] = path.map(String);
  return `${[nameOf(name), ...rest].join('.')}: ${message}; found ${foundText(found)}`;
}
