/** Applies sets of rules to every scope of a model, and says of every site what became of it. */

import { type Facts, inferTypes } from '../infer/index.js';
import { append, appendTo } from '../ir/lists.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import { helps, Miss } from './miss.js';
import { capturesOf } from './pattern.js';
import { Rewriter } from './rewriter.js';
import type { RewriteScope, Rule, RuleHost, RuleSet } from './rule.js';
import { Environment, type Failure, Search } from './search.js';
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
  failure?: Failure;
  miss?: Miss;
}

/**
 * Runs the rules to every root, the largest pattern first, from the outputs inwards; where one holds, its nodes are replaced.
 * Infers types before and, where anything was fused, after. Sites come back in the graphs' order.
 */
export function applyRules(model: Model, sets: readonly RuleSet[], host: RuleHost): Site[] {
  const facts = inferTypes(model);
  const sites: Site[] = [];
  for (const graph of model.graphs()) {
    const nodes = [...graph.nodes()];
    for (const set of sets) {
      const here = new Map<Node, Site>();
      for (const node of nodes)
        if (graph.nodeSet.has(node) && set.isSite(node, facts))
          here.set(node, { noun: set.noun, node, label: node.label, isFused: false });
      append(sites, here.values());
      if (here.size === 0) continue;
      for (const node of [...nodes].reverse())
        for (const rule of set.rules) if (graph.nodeSet.has(node) && attempt(rule, node, here, facts, host)) break;
    }
  }
  if (sites.some(({ isFused }) => isFused)) inferTypes(model);
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

/** Tries one rule at one node; true where it replaced something. */
function attempt(rule: Rule, node: Node, sites: ReadonlyMap<Node, Site>, facts: Facts, host: RuleHost): boolean {
  if (rule.match.roots && !rule.match.roots.has(node.opType)) return false;
  const root = node.outputs[0];
  if (!root) return false;
  const search = new Search(facts);
  for (const found of rule.match.solve(root, Environment.empty, search)) {
    const nodes = found.nodes();
    const touched = [...nodes].flatMap((one) => sites.get(one) ?? []);
    // A rule that holds without touching a site would fuse what nobody counts: the set's isSite is then too narrow.
    if (touched.length === 0) continue;
    const reason = touched.map((site) => host.leaves(site.node)).find((one) => one !== undefined);
    const left = reason === undefined ? undefined : new Miss(reason, touched[0]?.node ?? node);
    const miss = left ?? interiorMiss(rule, root, found, nodes) ?? rewrite(rule, root, found, facts, host);
    for (const site of touched) {
      if (miss && (site.isFused || (site.miss && site.miss.depth > found.depth))) continue;
      Object.assign(site, { rule, environment: found, isFused: !miss, failure: undefined });
      site.miss = miss && new Miss(miss.reason, miss.at, miss.help, found.depth + 1);
    }
    if (!miss) {
      removeDead(nodes);
      return true;
    }
  }
  noteFailure(rule, search, sites);
  return false;
}

/** Keeps the deepest failure of an attempt at the sites that it touched, or that stand a few steps behind where it ended. */
function noteFailure(rule: Rule, search: Search, sites: ReadonlyMap<Node, Site>): void {
  const failure = search.deepest;
  const miss = search.miss;
  if (!failure || !miss || failure.environment.depth === 0) return;
  for (const node of [...failure.environment.nodes(), ...behind(failure.at)]) {
    const site = sites.get(node);
    if (!site || site.isFused || (site.miss && site.miss.depth >= miss.depth)) continue;
    Object.assign(site, { rule, environment: failure.environment, failure, miss });
  }
}

/** How far behind the end of an attempt a site may stand: erf is two steps behind the sum that it is a term of. */
const BEHIND = 3;

function behind(value: Value): Set<Node> {
  const found = new Set<Node>();
  let front: readonly (Value | undefined)[] = [value];
  for (let step = 0; step < BEHIND; step++) {
    const producers = front.flatMap((one) => one?.producer ?? []).filter((node) => !found.has(node));
    for (const node of producers) found.add(node);
    front = producers.flatMap((node) => node.inputs);
  }
  return found;
}

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
  const replaced = 'root' in result ? result : { root: result };
  const names = Object.keys(replaced);
  const old = names.map((name) => (name === 'root' ? root : (found.captures.get(name) as Value)));
  const by = names.map((name) => replaced[name as 'root'] as Value);
  by.forEach((value, i) => {
    if (!value.type) value.type = old[i]?.type;
  });
  const operands = [...found.captures]
    .filter(([name, value]) => typeof value === 'object' && !rule.gives.includes(name))
    .map(([, value]) => value as Value);
  const reason = host.replace({ rule: rule.name, old, by, operands, facts });
  return reason === undefined ? undefined : no(reason);
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
