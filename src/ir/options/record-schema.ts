/** Dictionaries by any name as zod checks them: its own leave `__proto__` out, unseen. */
import { z } from 'zod';
import { named } from '../collections/named.js';

/** What stands for `__proto__` while a dictionary is checked: no name of a file has a lone surrogate for its first. */
const HIDDEN = '\udfff__proto__';

const renamed = (all: unknown, from: string, to: string): unknown =>
  typeof all === 'object' && all !== null && Object.hasOwn(all, from)
    ? named(Object.entries(all).map(([name, value]) => [name === from ? to : name, value]))
    : all;

/** A dictionary of what a schema takes, by names. */
export const recordOf = <T extends z.ZodType>(value: T, message?: string) =>
  z.preprocess(
    (all) => renamed(all, '__proto__', HIDDEN),
    z
      .record(z.string(), value, message)
      .transform((all) => renamed(all, HIDDEN, '__proto__') as Record<string, z.output<T>>),
  );
