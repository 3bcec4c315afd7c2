/** What the text behind a flag says. Each throws UsageError, `expected …; found …`, for a text that says nothing of its kind. */

import { named, under } from '../../src/ir/collections/named.js';
import { type DimSize, readDimSize } from '../../src/ir/dims/range.js';
import { type BudgetName, budgetNames, type Limits } from '../../src/ir/options/budget.js';
import { UsageError, unknownText } from '../../src/ir/text/usage-error.js';

/** `a,b` */
export function names(written: string): string[] {
  const found = written.split(',').flatMap((name) => name.trim() || []);
  if (found.length === 0) throw new UsageError(`expected a,b,…; found "${written}"`);
  return found;
}

/** The same, each as often as the flag is given; names of values may hold commas, which only the model tells. */
export function valueNames(written: readonly string[]): readonly string[] {
  for (const one of written) if (one.trim() === '') throw new UsageError(`expected names of values; found "${one}"`);
  return written;
}

/** `0.5` */
export function number(written: string): number {
  const value = written.trim() === '' ? Number.NaN : Number(written);
  if (Number.isNaN(value)) throw new UsageError(`expected a number; found "${written}"`);
  return value;
}

/** Budgets as `a=1,b=2`. */
export const limits = (written: string): Limits =>
  Object.fromEntries(
    names(written).map((entry): [string, number] => {
      const [, name = '', value = ''] = /^([^=]+)=(\d+)$/.exec(entry) ?? [];
      if (!name) throw new UsageError(`expected name=whole number,… of ${budgetNames.join(', ')}; found "${entry}"`);
      if (!budgetNames.includes(name as BudgetName)) throw new UsageError(unknownText('budget', name, budgetNames));
      return [name, Number(value)];
    }),
  );

/** `batch=4`, `seq=1..512`, `height=64..128:8`: sizes by name, and ranges. */
export function dims(written: readonly string[]): Record<string, DimSize> {
  const found = named<DimSize>();
  for (const one of written) {
    const [, name = '', text = ''] = /^(.+)=(.*)$/s.exec(one) ?? [];
    if (!name) throw new UsageError(`expected name=4 or name=1..512; found "${one}"`);
    refuseSecond(found, name, written);
    try {
      found[name] = readDimSize(text);
    } catch (error) {
      throw error instanceof UsageError ? new UsageError(`${name}: ${error.message}`) : error;
    }
  }
  return found;
}

/** The same; `batch=N` is a name for the batch of a file that fixes it at 1. */
export function dimsOrBatch(written: readonly string[]): Record<string, DimSize | string> {
  const isName = (one: string): boolean => /^batch=[A-Za-z_]\w*$/.test(one);
  const names = written.filter(isName);
  if (names.length > 1) throw new UsageError(`expected one name for the batch; found ${names.join(' and ')}`);
  const sizes = dims(written.filter((one) => !isName(one)));
  if (names[0] !== undefined) refuseSecond(sizes, 'batch', written);
  return names[0] === undefined ? sizes : { ...sizes, batch: names[0].slice('batch='.length) };
}

/** `image=1,3,224,224`: shapes by name. */
export const shapes = (written: readonly string[]): Record<string, readonly number[]> =>
  byName(written, '1,3,224,224', (sizes) => sizes);

/** A name may hold `=`: the last one counts. */
function byName<T>(written: readonly string[], example: string, of: (sizes: readonly number[]) => T | undefined) {
  const found = named<T>();
  for (const one of written) {
    const [, name = '', text = ''] = /^(.+)=(\d+(?:,\d+)*)$/s.exec(one) ?? [];
    const sizes = text.split(',').map(Number);
    const value = name && sizes.every(Number.isSafeInteger) ? of(sizes) : undefined;
    if (value === undefined) throw new UsageError(`expected name=${example}; found "${one}"`);
    refuseSecond(found, name, written);
    found[name] = value;
  }
  return found;
}

function refuseSecond(found: Readonly<Record<string, unknown>>, name: string, written: readonly string[]): void {
  if (under(found, name) === undefined) return;
  const all = written.filter((one) => one.startsWith(`${name}=`));
  throw new UsageError(`expected ${name} once; found ${all.join(' and ')}`);
}
