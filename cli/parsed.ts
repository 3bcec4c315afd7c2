/** Flags as they were parsed. */
import { type BudgetName, budgetNames, type Limits } from '../src/ir/budget.js';
import { UsageError, unknownText } from '../src/ir/usage-error.js';

/** By name. */
export type Flags = Readonly<Record<string, unknown>>;

/** A flag that may be given once. */
export function single(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  if (Array.isArray(value)) throw new UsageError(`--${name}: expected it once; found ${value.length} times`);
  return value as string | undefined;
}

/** `a,b`: names. */
export function namesIn(flags: Flags, flag: string): string[] | undefined {
  const written = single(flags, flag);
  const names = written?.split(',').flatMap((name) => name.trim() || []);
  if (names?.length === 0) throw new UsageError(`--${flag}: expected a,b,…; found "${written}"`);
  return names;
}

/** Budgets as `a=1,b=2`. */
export function limitsIn(flags: Flags): Limits | undefined {
  const entries = namesIn(flags, 'budget')?.map((entry): [string, number] => {
    const [, name = '', number = ''] = /^([^=]+)=(\d+)$/.exec(entry) ?? [];
    if (!name)
      throw new UsageError(`--budget: expected name=whole number,… of ${budgetNames.join(', ')}; found "${entry}"`);
    if (!budgetNames.includes(name as BudgetName))
      throw new UsageError(`--budget: ${unknownText('budget', name, budgetNames)}`);
    return [name, Number(number)];
  });
  return entries && Object.fromEntries(entries);
}
