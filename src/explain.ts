/** Explains fusions: for every site of the fusing passes, the tree of what was expected, matched and failed. */

import { z } from 'zod';
import { fuse } from '../passes/presets.js';
import { inferTypes } from './infer/index.js';
import { Model } from './ir/model.js';
import type { Shortage } from './ir/options/budget.js';
import { called, optionsIn, text } from './ir/options/options.js';
import { HOST, type TargetName } from './ir/targets/targets.js';
import { expectModel } from './ir/text/errors.js';
import { UsageError } from './ir/text/usage-error.js';
import { cloneModel } from './ir/whole-model/clone.js';
import type { Trace } from './match/trace.js';
import { raisedCopy } from './opset/raise.js';
import { optimize } from './optimize.js';
import { passContext } from './run/context.js';
import type { PassesLike } from './run/parse.js';
import type { Pass, PassDefinition } from './run/pass.js';
import { type SiteResult, sitesOf } from './run/sites.js';
import { kernelsOf } from './runtime/kernels-of.js';
import { type SchemasOf, settings, targetName } from './settings/option-schemas.js';
import { builtIn, catalogueWith, type Plugin } from './settings/plugins.js';

/** What `explain` is asked. */
export interface ExplainOptions {
  /** Passes that run first: views see through more nodes after simplify. Default none. */
  readonly passes?: PassesLike;
  /** Files that export passes and rules, or those themselves: their sites are explained too. */
  readonly plugins?: readonly Plugin[];
  /** Only sites of this kind or rule: `attention`, `gelu`, `layer-norm`. Default all. */
  readonly rule?: string;
  /** Only the site at the node of this name. */
  readonly at?: string;
  /** The provider whose kernels count. Default `cpu`. */
  readonly target?: TargetName;
  /** Called with each exceeded budget and its place: a site with unknown types is not fused. */
  readonly onShortage?: (shortage: Shortage) => void;
}

/** One place of a model that a rule handles: which rule matched, or how far the best attempt came and what ended it. */
export interface Explanation extends SiteResult {
  /** The pass that handles the site. */
  readonly pass: string;
  /** The purpose of the rule that matched. */
  readonly because?: string;
  readonly trace?: Trace;
}

const explainOptions = z.object({
  ...settings('plugins', 'passes'),
  rule: text,
  at: text,
  target: targetName,
  onShortage: called<(shortage: Shortage) => void>(),
} satisfies SchemasOf<ExplainOptions>);

/** Explains every site. Runs nothing, and the model stays as it is. Throws UsageError for a rule or a node that has no site. */
export async function explain(model: Model, given: ExplainOptions = {}): Promise<Explanation[]> {
  const options = optionsIn(explainOptions, given, 'explain');
  expectModel(model, 'explain');
  const target = options.target ?? HOST;
  const { model: start } = options.passes
    ? await optimize(model, options.passes, { target, verify: 'none', plugins: options.plugins })
    : { model };
  const all: Explanation[] = [];
  const short = new Map<string, Set<string>>();
  for (const { definition, options: settings } of [...fuse.passes, ...(await ownPasses(options.plugins))]) {
    const copy = givenTo(definition, start);
    const { context, sites } = passContext({ ...(await kernelsOf(target)), evaluate: undefined });
    await definition.run(copy, settings, context);
    for (const { reason, places } of copy.budget.shortages)
      short.set(reason, new Set([...(short.get(reason) ?? []), ...places]));
    const results = sitesOf(sites) ?? [];
    sites.forEach((site, i) => {
      const { because, isFused, trace } = site;
      all.push({
        pass: definition.name,
        ...(results[i] as SiteResult),
        ...(isFused && because !== undefined && { because }),
        trace: trace?.(),
      });
    });
  }
  for (const [reason, places] of short) options.onShortage?.({ reason, places: [...places] });
  return chosen(all, options);
}

/** The passes of plugins that run without being told more; of those that are for no sites nothing is said. */
async function ownPasses(plugins: readonly Plugin[] | undefined): Promise<readonly Pass[]> {
  const { passes } = await catalogueWith(plugins);
  const own = passes.filter((factory) => !builtIn.passes.includes(factory));
  return own.flatMap((factory) => (factory.definition.options.safeParse({}).success ? factory() : []));
}

/**
 * A copy of the model as the pass gets it from the pipeline: raised to the opset of the pass, where that is possible.
 */
function givenTo({ opset = 0 }: PassDefinition, model: Model): Model {
  const copy = cloneModel(model);
  inferTypes(copy);
  const raised = raisedCopy(copy, opset);
  return raised instanceof Model ? raised : copy;
}

function chosen(all: readonly Explanation[], { rule, at }: ExplainOptions): Explanation[] {
  const kinds = new Set(
    all.flatMap((site) => [site.kind, site.rule, site.pass].flatMap((name) => (name ? [kebab(name)] : []))),
  );
  if (rule !== undefined && all.length && !kinds.has(kebab(rule)))
    throw new UsageError(`rule "${rule}": expected one with a site here: ${[...kinds].sort().join(', ')}`);
  const ofRule = all.filter(
    (site) =>
      rule === undefined || [site.kind, site.rule, site.pass].some((name) => name && kebab(name) === kebab(rule)),
  );
  const here = ofRule.filter((site) => at === undefined || site.at === at || site.at.includes(`"${at}"`));
  if (at !== undefined && here.length === 0) {
    const places = ofRule.map((site) => site.at).slice(0, 12);
    throw new UsageError(
      `node "${at}": expected the node of a site; found none. Sites: ${places.join(', ') || 'none'}`,
    );
  }
  return here;
}

const kebab = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-');
