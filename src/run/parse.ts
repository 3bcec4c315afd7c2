/** Pipelines as people write them: `bf16:keep=Softmax+Erf,fuse-attn`, or lists of names and options in a config file. */
import { foundText, UsageError, unknownText } from '../ir/text/usage-error.js';
import { isRule, isRuleSet } from '../match/rule.js';
import { camelCase, optionsFromText } from './options.js';
import { isPass, isPassFactory, type Pass, type PassFactory } from './pass.js';

/** A named pipeline. */
export interface Preset {
  readonly name: string;
  /** One sentence: the line of --help and the row of the README. */
  readonly summary: string;
  readonly passes: readonly Pass[];
  /** The share of a float32 file that its name promises; a report names the bytes of a result that is larger. */
  readonly share?: number;
}

/** What names are looked up in. */
export interface Catalogue {
  readonly passes: readonly PassFactory[];
  readonly presets: readonly Preset[];
}

/** A pass as config files state it: a name, a name with options, or what a factory made. */
export type PassLike = string | readonly [name: string, options?: object] | Pass;

/** A pipeline as it may be stated: `a,b:option=value`, or a list. */
export type PassesLike = string | readonly PassLike[];

/**
 * The passes that are meant, in order. Throws UsageError for an unknown pass, option or value, for what is no pass, and for a
 * pass with the name of another in the catalogue.
 */
export function parsePasses(passes: PassesLike, catalogue: Catalogue): Pass[] {
  if (typeof passes !== 'string' && !Array.isArray(passes)) refuse('text or a list of passes', passes);
  const list = typeof passes === 'string' ? splitList(passes) : passes;
  const found = list.flatMap((one): readonly Pass[] => {
    if (typeof one === 'string') return splitList(one).flatMap((text) => fromText(text, catalogue));
    if (isPass(one)) return [one];
    if (!Array.isArray(one) || typeof one[0] !== 'string') refuse('a name, a name with options, or a pass', one);
    const [name, options = {}] = one as unknown as readonly [string, object?];
    const found = lookUp(name, catalogue);
    if (!('definition' in found)) throw new UsageError(`preset ${name}: takes no options`);
    return [found(options)];
  });
  expectDistinct(found, catalogue);
  return found;
}

/** Reports, gates and `require` know a pass by its name: one of the catalogue is no other's. */
function expectDistinct(list: readonly Pass[], { passes }: Catalogue): void {
  const known = new Map(passes.map(({ definition }) => [definition.name, definition]));
  for (const { definition } of list) {
    const { name } = definition;
    if ((known.get(name) ?? definition) !== definition)
      throw new UsageError(`passes: expected one pass of the name ${name}; found another as well. Rename yours`);
  }
}

function refuse(expected: string, found: unknown): never {
  throw new UsageError(`passes: expected ${expected}; found ${notPassText(found)}`);
}

const factoryText = (name: string): string => `the factory of ${name}. Call it: ${camelCase(name)}()`;

/** What was given instead of a pass, and what would make it one. */
function notPassText(found: unknown): string {
  if (isPassFactory(found)) return factoryText(found.definition.name);
  if (isRule(found)) return `the rule ${found.name}. passOf(rule)() is a pass of it; plugins take it as it is`;
  if (isRuleSet(found))
    return `the rules of ${found.noun}. passOf(rules)() is a pass of them; plugins take them as they are`;
  if (typeof found === 'object' && found !== null && 'definition' in found)
    return `a pass that was not made by definePass of this copy of onnx-passes. There may be two copies: npm ls onnx-passes`;
  return foundText(found);
}

const splitList = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

function fromText(text: string, catalogue: Catalogue): readonly Pass[] {
  const [name = '', ...options] = text.split(':');
  const found = lookUp(name, catalogue);
  if ('definition' in found) return [found(optionsFromText(found.definition, options))];
  if (options.length > 0) throw new UsageError(`preset ${name}: takes no options`);
  return found.passes;
}

function lookUp(name: string, { passes, presets }: Catalogue): PassFactory | Preset {
  const found =
    passes.find(({ definition }) => definition.name === name || definition.aliases?.includes(name)) ??
    presets.find((preset) => preset.name === name);
  if (found) return found;
  const names = passes.flatMap(({ definition }) => [definition.name, ...(definition.aliases ?? [])]);
  const text = unknownText('pass', name, [...names, ...presets.map((preset) => preset.name)]);
  throw new UsageError(text.endsWith('?') ? text : `${text}. One of your own needs its plugin`);
}
