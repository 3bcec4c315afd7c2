/** Applies sets of rules to every scope of a model, and says of every site what became of it. */

import { type Facts, inferTypes } from '../infer/index.js';
import { append, appendTo } from '../ir/collections/lists.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { foundText } from '../ir/text/usage-error.js';
import { Value } from '../ir/value.js';
import { sweep } from '../ir/whole-model/sweep.js';
import { helps, Miss } from './miss.js';
import { inOrder, setsInOrder } from './precedence.js';
import { Rewriter } from './rewriter.js';
import type { Replacement, RewriteScope, Rule, RuleHost, RuleSet } from './rule.js';
import { hasOps } from './search/marks.js';
import { environmentOf, Places } from './search/places.js';
import { capturesOf, type Environment, type MatchFailure, Search } from './search/search.js';
import { solve } from './search/solve.js';
import { traceOf } from './trace.js';

/** One place of a kind that rules are for, and the attempt that came furthest. */
export interface Site {
  readonly noun: string;
  readonly node: Node;
  readonly label: string;
  /** The rule that came furthest; undefined where none reached the site. */
  rule?: Rule;
  isFused: boolean;
  /** What matched: whole where it is fused. */
  environment?: Environment;
  failure?: MatchFailure;
  miss?: Miss;
}

/**
 * Runs the rules to every root, the largest pattern first, from the outputs inwards; where one holds, its nodes are replaced.
 * The order of the rules and of the sets given does not matter. Infers types before and, where anything was fused, after. Sites come back
 * in the graphs' order.
 */
export function applyRules(model: Model, sets: readonly RuleSet[], host: RuleHost): Site[] {
  const facts = inferTypes(model);
  const sites: Site[] = [];
  const ordered = setsInOrder(sets).map((set) => ({ ...set, rules: inOrder(set.rules) }));
  for (const graph of model.graphs()) {
    const taken = new Set<Node>();
    for (const set of ordered) {
      const found = new Application(graph, set, facts, host, taken).run();
      for (const { node } of found) taken.add(node);
      append(sites, found);
    }
  }
  if (sites.some(({ isFused }) => isFused)) {
    // What is swept later is an edit, after which all types would be inferred once more.
    sweep(model);
    inferTypes(model);
  }
  return sites;
}

/** Says what became of the sites, and how many of each kind there were. */
export function reportSites(sites: readonly Site[], host: RuleHost): void {
  const kinds = new Map<string, Site[]>();
  for (const site of sites) appendTo(kinds, site.noun, site);
  for (const [noun, all] of kinds) {
    const count = (those: readonly Site[]) => those.reduce((sum, { node }) => sum + host.timesOf(node), 0);
    host.note(`fused ${count(all.filter(({ isFused }) => isFused))} of ${count(all)} ${noun} sites`);
    for (const { node, rule, isFused, miss, environment, failure } of all)
      host.site({
        kind: noun,
        at: node,
        isFused,
        rule: rule?.name,
        because: rule?.because,
        miss: miss ?? (isFused ? undefined : new Miss(`no rule reaches this ${noun} site`, node)),
        ...(rule && { trace: () => traceOf(rule.match, environment, failure) }),
      });
  }
}

/** One set of rules in one graph. */
class Application {
  readonly #sites = new Map<Node, Site>();
  #places: Places;
  #revision: number;

  constructor(
    private readonly graph: Graph,
    private readonly set: RuleSet,
    private readonly facts: Facts,
    private readonly host: RuleHost,
    /** Sites of another kind: a place is of the first kind that it looks like. */
    private readonly taken: ReadonlySet<Node>,
  ) {
    this.#places = new Places(facts);
    this.#revision = graph.model.revision;
  }

  run(): readonly Site[] {
    const nodes = [...this.graph.nodes()];
    const opTypes = new Set(nodes.map(({ opType }) => opType));
    const rules = this.set.rules.filter(({ match }) => hasOps(match, opTypes));
    const roots = new Map<Node, Node[]>();
    for (const node of nodes) {
      if (this.taken.has(node) || !this.#places.isSite(node, this.set.rules)) continue;
      this.#siteOf(node);
      for (const { producer } of this.#places.rootsOf(node, this.set.rules))
        if (producer) appendTo(roots, producer, node);
    }
    for (const node of nodes.reverse()) {
      const around = roots.get(node);
      for (const rule of around ? rules : [])
        if (this.graph.nodeSet.has(node) && this.#attempt(rule, node, around ?? [])) break;
    }
    return [...this.#sites.values()];
  }

  #siteOf(node: Node): Site {
    const site = this.#sites.get(node) ?? { noun: this.set.noun, node, label: node.label, isFused: false };
    this.#sites.set(node, site);
    return site;
  }

  /** Tries one rule at one node, around these sites; true where it replaced something. */
  #attempt(rule: Rule, node: Node, around: readonly Node[]): boolean {
    const root = node.outputs[0];
    const open = around.filter((one) => this.graph.nodeSet.has(one) && !this.#lacksKernel(rule, one));
    if (!root || open.length === 0) return false;
    const { model } = this.graph;
    if (this.#revision !== model.revision) this.#places = new Places(this.facts);
    this.#revision = model.revision;
    if (!this.#places.hasOps(root, rule.match)) return false;
    for (const reader of this.#places.readersOf(root, rule.match, open)) {
      if (!this.#places.isWithin(rule.match, root, reader)) continue;
      const search = new Search(this.facts);
      for (const found of solve(rule.match, root, environmentOf(rule.match, reader), search))
        if (this.#replace(rule, root, found)) return true;
      this.#noteFailure(rule, search, open);
    }
    return false;
  }

  /** True where the rule matched around a site and the target has no kernel for it: no other root changes that. */
  #lacksKernel(rule: Rule, node: Node): boolean {
    const site = this.#sites.get(node);
    return site?.rule === rule && isRefused(site) && site.miss?.help === helps.kernel;
  }

  #replace(rule: Rule, root: Value, found: Environment): boolean {
    if (found.sites.some((node) => this.taken.has(node))) return false;
    const nodes = found.nodes();
    const touched = found.sites.map((node) => this.#siteOf(node));
    const reason = touched.map((site) => this.host.leaves(site.node)).find((one) => one !== undefined);
    const left = reason === undefined ? undefined : new Miss(reason, touched[0]?.node ?? root);
    const miss = left ?? interiorMiss(rule, root, found, nodes) ?? rewrite(rule, root, found, this.facts, this.host);
    for (const site of touched) {
      if (miss && (site.isFused || (isRefused(site) && (site.miss?.depth ?? 0) > found.depth))) continue;
      Object.assign(site, { rule, environment: found, isFused: !miss, failure: undefined });
      site.miss = miss && new Miss(miss.reason, miss.at, miss.help, found.depth + 1);
    }
    if (!miss) removeDead(nodes);
    return !miss;
  }

  /** Keeps the deepest failure of the attempts around a site; that a whole match was refused says more. */
  #noteFailure(rule: Rule, search: Search, around: readonly Node[]): void {
    const failure = search.deepest;
    const miss = search.miss;
    if (!failure || !miss || failure.environment.depth === 0) return;
    for (const node of around) {
      const site = this.#siteOf(node);
      if (site.isFused || isRefused(site) || (site.miss && site.miss.depth >= miss.depth)) continue;
      Object.assign(site, { rule, environment: failure.environment, failure, miss });
    }
  }
}

/** True where a rule matched whole, and its rewrite was refused. */
const isRefused = ({ miss, failure }: Site): boolean => miss !== undefined && failure === undefined;

/** Why the nodes of a match cannot go: a value between them is read elsewhere and would be computed twice. */
function interiorMiss(rule: Rule, root: Value, found: Environment, nodes: ReadonlySet<Node>): Miss | undefined {
  const given = new Set([root, ...rule.gives.map((name) => found.captures.get(name))]);
  const captured = new Set(found.captures.values());
  for (const node of nodes)
    for (const value of node.outputs) {
      if (!value || given.has(value)) continue;
      // What a pattern captures and also reads through stays, if it is captured for the rewrite to use.
      if (captured.has(value) && value !== root) continue;
      for (const { node: user } of value.uses)
        if (user.isEnd) return new Miss('a value inside is an output of the graph', value, helps.output);
        else if (!nodes.has(user)) return new Miss('a value inside has another use', user, helps.use);
    }
  return undefined;
}

/** Builds what stands instead and puts it there; the reason where the rule says no. */
function rewrite(rule: Rule, root: Value, found: Environment, facts: Facts, host: RuleHost): Miss | undefined {
  const { graph } = root;
  const build = new Rewriter(graph, root.producer?.name || root.name);
  const no: RewriteScope['no'] = (reason, help, at) => new Miss(reason, at ?? root.producer ?? root, help);
  const opset = graph.opsets.get('') ?? 1;
  const result = rule.rewrite(capturesOf(found), { root, type: root.type, facts, host, build, opset, no });
  if (result instanceof Miss) {
    if (build.added.length) throw new Error(`rule ${rule.name}: says no after its first op; ask before building`);
    return result;
  }
  const replaced = replacementIn(rule, result);
  const names = Object.keys(replaced);
  const old = names.map((name) => (name === 'root' ? root : (found.captures.get(name) as Value)));
  const by = names.map((name) => replaced[name] as Value);
  by.forEach((value, i) => {
    if (!value.type) value.type = old[i]?.type;
  });
  // What the match computes on its way is no operand, unless the new nodes read it: both sides would begin behind it.
  const within = new Set(found.steps().flatMap(({ nodes }) => nodes));
  const read = new Set<unknown>([...by, ...build.added.flatMap(({ inputs }) => inputs)]);
  const operands = [...found.captures]
    .filter(([name, value]) => typeof value === 'object' && !rule.gives.includes(name))
    .map(([, value]) => value as Value)
    .filter((value) => read.has(value) || !(value.producer && within.has(value.producer)));
  const reason = host.replace({ rule: rule.name, old, by, operands, facts, since: build.since });
  return reason === undefined ? undefined : no(reason);
}

/** What a rewrite gave, by capture. Throws TypeError where it is something else: no types may have been checked. */
function replacementIn({ name, gives }: Rule, result: Replacement): Readonly<Record<string, Value>> {
  const values = result instanceof Value ? { root: result } : result;
  const isOne =
    typeof values === 'object' &&
    values?.root instanceof Value &&
    Object.entries(values).every(
      ([capture, value]) => value instanceof Value && (capture === 'root' || gives.includes(capture)),
    );
  if (isOne) return values;
  const captures = gives.length ? `, { root, ${gives.join(', ')} }` : '';
  throw new TypeError(`rule ${name}: rewrite: expected a value${captures} or no(reason); found ${foundText(result)}`);
}

/** Removes what the match leaves behind, so that later matches see who still reads what. */
function removeDead(nodes: ReadonlySet<Node>): void {
  let isShrinking = true;
  while (isShrinking) {
    isShrinking = false;
    for (const node of [...nodes].reverse()) {
      const isDead = node.graph.nodeSet.has(node) && node.outputs.every((value) => !value || value.uses.size === 0);
      if (!isDead) continue;
      node.graph.remove(node);
      isShrinking = true;
    }
  }
}
