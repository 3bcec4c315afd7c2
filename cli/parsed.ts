/** Flags as they were parsed. */
import { UsageError } from '../src/run/usage-error.js';

/** By name. */
export type Flags = Readonly<Record<string, unknown>>;

/** A flag that may be given once. */
export function single(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  if (Array.isArray(value)) throw new UsageError(`--${name}: expected it once; found ${value.length} times`);
  return value as string | undefined;
}
