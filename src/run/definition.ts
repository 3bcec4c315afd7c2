/** What the parts of a pass's definition have to be. Where no types were checked they may be anything. */
import { foundText, unknownText } from '../ir/usage-error.js';
import type { PassDefinition } from './pass.js';

/** Names are words of a command line: `:` and `,` have a meaning there. */
const isName = (name: unknown): name is string =>
  typeof name === 'string' && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name);

const needs: readonly unknown[] = ['types', 'repeats', 'weights'] satisfies PassDefinition['needs'];
const isTruth = (value: unknown): boolean => typeof value === 'boolean';
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isText = (value: unknown): boolean => typeof value === 'string';

/** What each part is expected to be, and whether it has to be there. */
const parts: {
  readonly [Part in keyof PassDefinition]-?: readonly [
    isOne: (value: unknown) => boolean,
    expected: string,
    isNeeded?: boolean,
  ];
} = {
  name: [isName, 'words of small letters and digits with - between them', true],
  aliases: [(value) => Array.isArray(value) && value.every(isName), 'a list of names'],
  summary: [isText, 'one sentence', true],
  fidelity: [(value) => ['exact', 'rounding', 'lossy'].includes(value as string), 'exact | rounding | lossy', true],
  needs: [
    (value) => Array.isArray(value) && value.every((one) => needs.includes(one)),
    `a list of ${needs.join(' | ')}`,
  ],
  opset: [(value) => Number.isSafeInteger(value) && (value as number) > 0, 'a whole number above 0'],
  shortens: [isTruth, 'true or false'],
  clears: [isTruth, 'true or false'],
  options: [(value) => isFunction((value as { safeParse?: unknown } | null)?.safeParse), 'z.object({ … })'],
  variants: [isFunction, 'a function'],
  run: [isFunction, 'a function', true],
};

/** Throws TypeError naming the part that is wrong. */
export function checkDefinition(spec: object): void {
  const found = spec as Readonly<Record<string, unknown>>;
  const place = `pass ${isName(found['name']) ? found['name'] : foundText(found['name'])}`;
  for (const part of Object.keys(found))
    if (!Object.hasOwn(parts, part)) throw new TypeError(`${place}: ${unknownText('part', part, Object.keys(parts))}`);
  for (const [part, [isOne, expected, isNeeded]] of Object.entries(parts))
    if (found[part] === undefined ? isNeeded : !isOne(found[part]))
      throw new TypeError(`${place}: ${part}: expected ${expected}; found ${foundText(found[part])}`);
}
