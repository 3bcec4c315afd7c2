/** The command of a point of a plan, with all settings that decided about the point: it makes the same file. */
import { sizeText } from '../ir/dims/range.js';
import type { Target } from '../ir/targets/targets.js';
import { shellWord } from '../ir/text/shell-word.js';
import type { Config } from '../settings/config.js';
import type { GateOptions } from '../validate/judge/gates.js';

/** The passes that run before where none are asked for, as with --max-size alone. */
export const PASSES = 'exact';

/** What decides about a point besides its size. */
export interface PointSettings
  extends Pick<
    Config,
    'passes' | 'plugins' | 'inputs' | 'shapes' | 'dims' | 'timeBudget' | 'budget' | 'allowOutsideData'
  > {
  readonly target: Target;
  readonly seed: number;
}

export type Allowed = Pick<GateOptions, 'maxError' | 'minCosine'> & { readonly maxError: number };

/** Makes a file of this share; one whose error is beyond the usual gate says which error it allows. Passes that are no text have no words. */
export function commandOf(
  input: string,
  percent: number,
  {
    passes,
    plugins = [],
    target,
    inputs,
    shapes = {},
    dims = {},
    seed,
    timeBudget,
    budget = {},
    allowOutsideData,
  }: PointSettings,
  allowed: Allowed | undefined,
): string {
  const flags: readonly (readonly [flag: string, value: string | number | undefined])[] = [
    ...plugins.flatMap((plugin) => (typeof plugin === 'string' ? [['plugin', plugin] as const] : [])),
    ['passes', typeof passes === 'string' && passes !== PASSES ? passes : undefined],
    ['max-size', `${percent}%`],
    ['max-error', allowed?.maxError],
    ['min-cosine', allowed?.minCosine],
    ['target', target],
    ['inputs', inputs],
    ...Object.entries(shapes).map(([name, shape]) => ['shape', `${name}=${shape.join(',')}`] as const),
    ...Object.entries(dims).map(([name, size]) => ['dim', `${name}=${sizeText(size)}`] as const),
    ['seed', seed || undefined],
    ['time-budget', timeBudget],
    [
      'budget',
      Object.entries(budget)
        .map(([name, most]) => `${flagged(name)}=${most}`)
        .join() || undefined,
    ],
  ];
  const words = flags.flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag} ${shellWord(String(value))}`],
  );
  return ['optimize', shellWord(input), ...words, ...(allowOutsideData ? ['--allow-outside-data'] : [])].join(' ');
}

const flagged = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
