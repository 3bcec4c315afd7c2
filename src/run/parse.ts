/** Pipelines as people write them: `bf16:keep=Softmax+Erf,fuse-attn`, or lists of names and options in a config file. */
import { UsageError, unknownText } from '../ir/usage-error.js';
import { optionsFromText } from './options.js';
import type { Pass, PassFactory } from './pass.js';

/** A named pipeline. */
export interface Preset {
  readonly name: string;
  /** One sentence: the line of --help and the row of the README. */
  readonly summary: string;
  readonly passes: readonly Pass[];
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

/** The passes that are meant, in order. Throws UsageError for an unknown pass, option or value. */
export function parsePasses(passes: PassesLike, catalogue: Catalogue): Pass[] {
  const list = typeof passes === 'string' ? splitList(passes) : passes;
  return list.flatMap((one) => {
    if (typeof one === 'string') return splitList(one).flatMap((text) => fromText(text, catalogue));
    if (isPass(one)) return [one];
    const [name, options = {}] = one;
    const found = lookUp(name, catalogue);
    if (!('definition' in found)) throw new UsageError(`preset ${name}: takes no options`);
    return [found(options)];
  });
}

const splitList = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const isPass = (one: PassLike): one is Pass => typeof one === 'object' && 'definition' in one;

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
  throw new UsageError(unknownText('pass', name, [...names, ...presets.map((preset) => preset.name)]));
}
