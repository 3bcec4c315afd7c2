/** Sizes of files as people write them: a share of another file, or bytes. */
import { z } from 'zod';

const expected = 'expected a share of the file (30%) or bytes (120MB)';
const units = { '': 1, kb: 1e3, mb: 1e6, gb: 1e9 } as const;

/** A number of bytes, or text for bytes or a share. */
export const sizeSchema = z.union(
  [z.number(expected).positive(expected), z.string().refine((text) => parsed(text) !== undefined, expected)],
  expected,
);

export type Size = z.output<typeof sizeSchema>;

function parsed(text: string): { readonly share?: number; readonly bytes?: number } | undefined {
  const [, digits, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*(%|[kmg]?b)?\s*$/i.exec(text) ?? [];
  const value = Number(digits);
  if (!(value > 0)) return undefined;
  if (unit === '%') return { share: value / 100 };
  return { bytes: value * units[(unit.toLowerCase() === 'b' ? '' : unit.toLowerCase()) as keyof typeof units] };
}

/** Converts a size to bytes; a share is one of `whole` bytes. */
export function sizeOf(size: Size, whole: number): number {
  if (typeof size === 'number') return size;
  const { share, bytes } = parsed(size) ?? {};
  return bytes ?? (share as number) * whole;
}
