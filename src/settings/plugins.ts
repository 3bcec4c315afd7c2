/** Plugins: passes, rules and presets from outside, in the catalogue beside those of this package. */
import { catalogue } from '../../passes/index.js';
import { presets } from '../../passes/presets.js';
import { foundText, UsageError } from '../ir/text/usage-error.js';
import { isRule, isRuleSet, type Rule, type RuleSet } from '../match/rule.js';
import { type Catalogue, type PassesLike, type Preset, parsePasses } from '../run/parse.js';
import { isPass, isPassFactory, type Pass, type PassFactory } from '../run/pass.js';
import { passOf } from '../run/rule-pass.js';

/** Every pass and preset this package brings. */
export const builtIn: Catalogue = { passes: catalogue, presets };

/** A pipeline with a name; its passes may be those of plugins. */
export interface PresetLike {
  readonly name: string;
  readonly summary?: string;
  readonly passes: PassesLike;
}

/** The path of a file that exports passes, rules and presets, or one of those itself. */
export type Plugin = string | PassFactory | Rule | RuleSet | PresetLike;

/** A pass, rule or preset of a plugin, and the place it comes from. */
interface PluginPart<Part> {
  readonly place: string;
  readonly item: Part;
}

/**
 * The catalogue with what plugins bring; a rule is a pass of its name. Throws UsageError for a file that does not load or brings nothing,
 * for what is neither pass, rule nor preset, and for a name that is taken.
 */
export async function catalogueWith(plugins: readonly Plugin[] = []): Promise<Catalogue> {
  if (plugins.length === 0) return builtIn;
  const seen = new Set<unknown>();
  const brought = (await Promise.all(plugins.map((plugin) => broughtBy(plugin, seen)))).flat();
  const places = new Map(namesIn(builtIn).map((name) => [name, 'a pass of this package']));
  const passes: PassFactory[] = [...builtIn.passes];
  for (const { place, item } of brought) {
    const factory = isPreset(item) ? undefined : factoryOf(item);
    const { name } = factory?.definition ?? (item as PresetLike);
    for (const one of [name, ...(factory?.definition.aliases ?? [])]) {
      const other = places.get(one);
      if (other) throw new UsageError(`${place}: expected a name of its own; found ${one}, as ${other} is called`);
      places.set(one, `one of ${place}`);
    }
    if (factory) passes.push(factory);
  }
  const presets: Preset[] = [...builtIn.presets];
  const all: Catalogue = { passes, presets };
  for (const { place, item } of brought) if (isPreset(item)) presets.push(presetOf(item, all, place));
  // Reading each says what is wrong in it, also where nobody asks for it.
  for (const { passes } of presets) void passes;
  return all;
}

/** A preset whose names are looked up when it is first read: it may name presets that are brought after it. */
function presetOf(item: PresetLike, catalogue: Catalogue, place: string): Preset {
  const { name, summary = `Of ${place}.` } = item;
  let found: readonly Pass[] | undefined;
  let isOpen = false;
  return {
    name,
    summary,
    get passes() {
      if (found) return found;
      if (isOpen)
        throw new UsageError(`${place}: expected presets without themselves in them; found ${name} in ${name}`);
      isOpen = true;
      try {
        found = parsePasses(item.passes, catalogue);
        return found;
      } catch (error) {
        if (!(error instanceof UsageError) || error.message.startsWith(`${place}: `)) throw error;
        throw new UsageError(`${place}: ${error.message}`);
      } finally {
        isOpen = false;
      }
    },
  };
}

const factoryOf = (item: PassFactory | Rule | RuleSet): PassFactory =>
  typeof item === 'function' ? item : passOf(item);

const namesIn = ({ passes, presets }: Catalogue): string[] => [
  ...passes.flatMap(({ definition }) => [definition.name, ...(definition.aliases ?? [])]),
  ...presets.map(({ name }) => name),
];

type LoadedPlugin = Exclude<Plugin, string>;

/** A plugin that a config and the command both name is one: nothing comes of what was `seen`. */
async function broughtBy(plugin: Plugin, seen: Set<unknown>): Promise<readonly PluginPart<LoadedPlugin>[]> {
  if (seen.has(plugin)) return [];
  seen.add(plugin);
  if (typeof plugin !== 'string') {
    expectNoSlip('plugins', plugin);
    if (isItem(plugin)) return [{ place: 'plugins', item: plugin }];
    throw new UsageError(`plugins: expected a path, a pass, a rule or a preset; found ${foundText(plugin)}`);
  }
  const { importModule } = await import('./module-file.js');
  const exported = await importModule(plugin, { noun: 'plugin', kinds: '.js, .mjs or .ts' });
  if (seen.has(exported)) return [];
  seen.add(exported);
  const all = [...new Set(Object.values(exported).flat())];
  for (const one of all) expectNoSlip(plugin, one);
  const items = all.filter(isItem);
  if (items.length === 0) {
    const names = Object.keys(exported).join(', ') || 'nothing';
    const remedy = all.some((one) => typeof one === 'function') ? '. Of a function, export what it returns' : '';
    throw new UsageError(`${plugin}: expected exports of definePass or rule; found ${names}${remedy}`);
  }
  // A rule in a set that is exported too is a part of that.
  const inSets = new Set(items.flatMap((one) => (isRuleSet(one) ? one.rules : [])));
  return items.flatMap((item) => (isRule(item) && inSets.has(item) ? [] : [{ place: plugin, item }]));
}

const isItem = (found: unknown): found is LoadedPlugin =>
  isPassFactory(found) || isRule(found) || isRuleSet(found) || isPreset(found);

const isPreset = (found: unknown): found is PresetLike => {
  if (typeof found !== 'object' || found === null || isPass(found)) return false;
  const { name, passes } = found as Partial<PresetLike>;
  return typeof name === 'string' && (typeof passes === 'string' || Array.isArray(passes));
};

/** Throws UsageError for what is nearly a pass or a rule. */
function expectNoSlip(place: string, found: unknown): void {
  if (isPass(found))
    throw new UsageError(
      `${place}: expected the factory of a pass; found ${found.definition.name}, called. Leave its () away`,
    );
  const isOther =
    ((typeof found === 'object' && found !== null) || typeof found === 'function') &&
    !isItem(found) &&
    ('definition' in found || ('match' in found && 'rewrite' in found));
  if (isOther)
    throw new UsageError(
      `${place}: expected what definePass or rule of this copy of onnx-passes gives; found one of another, or written by hand. See: npm ls onnx-passes`,
    );
}
