/** Rotary position embedding: pairs of lanes of each head, turned by an angle of their position. */
import type { Facts } from '../../src/infer/index.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { Miss } from '../../src/match/miss.js';
import { Pattern } from '../../src/match/pattern.js';
import { type RuleSet, rule } from '../../src/match/rule.js';
import { Columns } from '../rotary/columns.js';
import { emitRotary } from '../rotary/kernel.js';
import { layoutOf } from '../rotary/layout.js';
import { type Rotation, roots, rotationOf } from '../rotary/rotation.js';
import { selectionsOf } from '../rotary/selection.js';
import { type Made, Tables } from '../rotary/table.js';

/** What is known of one model while the rules run over it. */
class Rotations {
  readonly #known = new Map<Value, Rotation | Miss | undefined>();
  readonly #made = new Map<Graph, Made>();
  readonly columns: Columns;

  constructor(readonly facts: Facts) {
    this.columns = new Columns(facts);
  }

  of(value: Value): Rotation | Miss | undefined {
    if (!this.#known.has(value)) this.#known.set(value, rotationOf(value, this.facts));
    return this.#known.get(value);
  }

  made(graph: Graph): Made {
    const made = this.#made.get(graph) ?? new Map<string, Value>();
    this.#made.set(graph, made);
    return made;
  }
}

const byFacts = new WeakMap<Facts, Rotations>();
function rotationsOf(facts: Facts): Rotations {
  const rotations = byFacts.get(facts) ?? new Rotations(facts);
  byFacts.set(facts, rotations);
  return rotations;
}

/** x·cos + rotate(x)·sin, in whatever lanes and ops. */
const rotation: Pattern<{ readonly x: Value }> = new Pattern(
  'x·cos + rotate(x)·sin',
  [],
  function* (value, environment, search) {
    const found = rotationsOf(search.facts).of(value);
    if (!found) search.fail(environment, rotation, value, 'expected pairs of lanes that rotate');
    else if (found instanceof Miss) {
      const nodes = value.producer ? [value.producer] : [];
      search.fail(environment.matched(rotation, value, nodes), rotation, value, found.reason);
    } else {
      const next = environment.capture('x', found.x.value);
      if (next) yield next.matched(rotation, value, found.nodes);
    }
  },
  roots,
);

/** x·cos + rotate(x)·sin  ⟶  RotaryEmbedding(x, positions, cos, sin) */
const embedding = rule({
  name: 'rotary',
  because: 'one kernel that reads x once',
  match: rotation,
  rewrite(_, { root, facts, host, build, no }) {
    const rotations = rotationsOf(facts);
    const found = rotations.of(root) as Rotation;
    const { elem } = root;
    if (!elem || !isFloat(elem) || !host.hasKernel('RotaryEmbedding', 'com.microsoft', 1, elem))
      return no(`the target has no RotaryEmbedding kernel for ${elem}`);
    const tables = selectionsOf(found, rotations.columns);
    if (typeof tables === 'string') return no(tables);
    const layout = layoutOf(found, tables.cos, tables.sin);
    if (typeof layout === 'string') return no(layout);
    if (found.width < found.lanes && typeof layout.heads !== 'number')
      return no('a part of each head rotates, and the number of heads is not static');
    return emitRotary(
      { rotation: found, layout, ...tables },
      new Tables(build, facts, rotations.made(root.graph)),
      facts,
    );
  },
});

/** Nodes inside a rotation that is a site of its own are none. */
function isSite(node: Node, facts: Facts): boolean {
  const value = node.outputs[0];
  if (!value || node.domain !== '' || !roots.has(node.opType) || !isFloat(value.elem)) return false;
  const rotations = rotationsOf(facts);
  const own = rotations.of(value);
  if (!own) return false;
  // The largest of those around each other is the site.
  return !enclosing(node, rotations);
}

/** True where a rotation further on has this one inside. */
function enclosing(node: Node, rotations: Rotations): boolean {
  const start = node.outputs[0] as Value;
  let front: readonly Value[] = [start];
  for (let step = 0; step < 4; step++) {
    front = front.flatMap((value) =>
      value.users.flatMap((user) => (user.domain === '' ? (user.outputs[0] ?? []) : [])),
    );
    for (const value of front) {
      if (!value.producer || !roots.has(value.producer.opType)) continue;
      const around = rotations.of(value);
      if (around && !(around instanceof Miss) && around.nodes.includes(node)) return true;
    }
  }
  return false;
}

export const rotary: RuleSet = { noun: 'RoPE', rules: [embedding], isSite };
