/**
 * Chooses the places where rules are tried: nodes that may be sites by their op, and the roots and variables of
 * formulas around them.
 */
import type { Facts } from '../../infer/index.js';
import { maxOf } from '../../ir/collections/lists.js';
import { remembered } from '../../ir/collections/remembered.js';
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import { addBehind, allBehind, forwardOf, isAlgebra, reductionOf } from '../algebra/algebra.js';
import { Reader, type ReaderOptions } from '../algebra/reader.js';
import type { Pattern } from '../pattern/index.js';
import type { Rule } from '../rule.js';
import { plainOf } from '../views/plain.js';
import { fillOf, scalarOf } from '../views/scalar.js';
import { hasOps, isAbout, isByItself, type Mark, marksOf, needsOf } from './marks.js';
import { Environment, Search } from './search.js';
import { solve, solveAs } from './solve.js';

/** At most this many values are tried as a formula's variable. */
const MOST_CUTS = 8;
/** At most this many values are searched from a site on. */
const STEPS = 20;

/** The environment that a search begins with: a value that occurs several times in the pattern is the cut. */
export function environmentOf(pattern: Pattern, reader: Reader): Environment {
  const empty = Environment.empty(reader);
  const { cut } = reader.reading;
  return (cut && pattern.subject && empty.capture(pattern.subject, cut)) || empty;
}

/** The places of a graph, as long as it is not edited. */
export class Places {
  readonly #readers = new Map<Value, Map<string, Reader | undefined>>();
  readonly #forward = new Map<Value, ReadonlySet<Value>>();
  /** All that stands behind a value; undefined where that is too much to search. */
  readonly #behind = new Map<Value, ReadonlySet<Value> | undefined>();
  /** Whether one number fills a value, and whether one fills what is read behind it. */
  readonly #fills = new Map<Value, boolean>();
  readonly #filled = new Map<Value, boolean>();
  /** How deep reductions are inside each other, by cut and value. */
  readonly #nesting = new Map<Value, Map<Value, number>>();

  constructor(readonly facts: Facts) {}

  /** True if a node resembles a site of one of the rules. */
  isSite(node: Node, rules: readonly Rule[]): boolean {
    return rules.some(({ match }) =>
      marksOf(match).some(
        (mark) =>
          mark.about.some((part) => isAbout(part, node, this.facts)) &&
          (isByItself(mark.pattern) || this.#looksLike(mark, node, rules)),
      ),
    );
  }

  #looksLike({ pattern, reduced, through, loosely }: Mark, site: Node, rules: readonly Rule[]): boolean {
    const { output } = site;
    const roots = pattern.shape.kind === 'site' ? [output] : this.rootsOf(site, rules).slice(0, STEPS);
    if (through && !roots.some(({ producer }) => producer?.is(through))) return false;
    for (const reader of this.readersOf(output, pattern, [site], loosely)) {
      // The marked part is read first, as it excludes most values.
      if (reduced.length > 0 && !reduced.some((part) => this.#hasTerm(part, output, reader))) continue;
      if (roots.some((root) => this.isWithin(pattern, root, reader) && this.#looks(pattern, root, reader, site)))
        return true;
    }
    return false;
  }

  #hasTerm(pattern: Pattern, value: Value, reader: Reader): boolean {
    const { terms, nodes } = reader.read(value);
    const [environment, search] = [environmentOf(pattern, reader), new Search(this.facts, true)];
    return terms.some((term) => {
      for (const _ of solveAs(pattern, { terms: [term], nodes }, value, environment, search)) return true;
      return false;
    });
  }

  #looks(pattern: Pattern, root: Value, reader: Reader, site: Node): boolean {
    const by = reader.reading.cut ? reader : new Reader(this.facts, reader.reading);
    for (const { sites } of solve(pattern, root, environmentOf(pattern, by), new Search(this.facts, true)))
      if (sites.includes(site)) return true;
    return false;
  }

  #forwardOf(value: Value): ReadonlySet<Value> {
    return remembered(this.#forward, value, forwardOf);
  }

  #behindOf(value: Value): ReadonlySet<Value> | undefined {
    return remembered(this.#behind, value, allBehind);
  }

  /** True if the reductions that a pattern needs may stand behind a value. */
  #hasReductions(root: Value, pattern: Pattern): boolean {
    const { reductions } = needsOf(pattern);
    if (reductions === 0) return true;
    const behind = this.#behindOf(root);
    return !behind || [...behind].filter(isReduced).length >= reductions;
  }

  /** True if the ops that a pattern needs may stand behind a value. */
  hasOps(root: Value, pattern: Pattern): boolean {
    const behind = needsOf(pattern).ops.length > 0 ? this.#behindOf(root) : undefined;
    return !behind || hasOps(pattern, new Set([...behind].flatMap(({ producer }) => producer?.opType ?? [])));
  }

  /** True if what a reader reads from a root has the reductions of a pattern, and with a cut none deeper inside each other. */
  isWithin(pattern: Pattern, root: Value, { reading: { cut, live } }: Reader): boolean {
    const { reductions, isOpened } = needsOf(pattern);
    if (cut && !this.#isNested(pattern, root, cut)) return false;
    if (!cut || !live || isOpened) return this.#hasReductions(root, pattern);
    return reductions < 2 || [...between(root, cut, live)].filter(isReduced).length >= reductions;
  }

  /** True if a value depends on a cut, through reductions that are no deeper inside each other than those of a pattern. */
  #isNested(pattern: Pattern, value: Value, cut: Value): boolean {
    return this.#forwardOf(cut).has(value) && this.#nestingOf(value, cut) <= needsOf(pattern).nesting;
  }

  /** The number of reductions inside each other between a cut and a value. */
  #nestingOf(value: Value, cut: Value): number {
    if (value === cut) return 0;
    const known = remembered(this.#nesting, cut, () => new Map<Value, number>());
    return remembered(known, value, () => {
      const live = this.#forwardOf(cut);
      const inner = value.producer?.inputs.map((input) => (input && live.has(input) ? this.#nestingOf(input, cut) : 0));
      return maxOf(inner ?? [], 0) + (isReduced(value) ? 1 : 0);
    });
  }

  /** The values that a formula with this node may compute: the node's own, and values computed from it by algebra. */
  rootsOf(node: Node, rules: readonly Rule[]): readonly Value[] {
    const [own] = node.outputs;
    if (!own) return [];
    return rules.every(({ match }) => needsOf(match).isAtRoot) ? [own] : [...this.#forwardOf(own)];
  }

  /** The ways to read a formula: whatever nobody else reads, and of each value that is read twice in it, the nearest first. */
  *readersOf(root: Value, pattern: Pattern, around: readonly Node[], loosely?: ReadonlySet<string>): Iterable<Reader> {
    const { isAtRoot } = needsOf(pattern);
    if (isAtRoot || !pattern.subject) yield* this.#withoutCut(root, loosely);
    if (isAtRoot) return;
    const cuts = new Set([root]);
    for (const cut of this.#cutsOf(root, pattern, around, cuts))
      for (const filled of loosely ? [undefined] : ([undefined, 'added', 'any'] as const)) {
        const reader = this.#readerOf(cut, loosely, filled);
        if (reader) yield reader;
      }
    if (cuts.size === 1 && pattern.subject) yield* this.#withoutCut(root, loosely);
  }

  *#withoutCut(root: Value, loosely: ReaderOptions['loosely']): Iterable<Reader> {
    yield new Reader(this.facts, { loosely });
    if (loosely || !this.#isFilledBehind(root)) return;
    for (const filled of ['added', 'any'] as const) yield new Reader(this.facts, { filled });
  }

  #isFilledBehind(root: Value): boolean {
    return remembered(this.#filled, root, () =>
      [...(this.#behindOf(root) ?? [])].some(({ producer }) =>
        producer?.inputs.some((input) => input && this.#isFill(input)),
      ),
    );
  }

  /**
   * The values that a formula around these sites may be of: read twice by what may be a part of it, and behind the sites if the variable is
   * inside their marks. The nearest is first, of the last site, which is the nearest to the root. Nothing is searched behind a value that
   * is too many reductions away. All that were found are added to `cuts`.
   */
  *#cutsOf(root: Value, pattern: Pattern, around: readonly Node[], cuts: Set<Value>): Iterable<Value> {
    const isInSite = needsOf(pattern).isInSite && around.length > 0;
    for (const start of isInSite ? around.map(({ output }) => output).reverse() : [root]) {
      const most = cuts.size + MOST_CUTS;
      const behind = new Set([start]);
      for (const value of behind) {
        if (cuts.size >= most) break;
        const own = value !== root && isReadTwice(value, pattern) ? variablesOf(value, this.facts) : [];
        const near = own.filter((cut) => cut !== root && this.#isNested(pattern, root, cut));
        for (const cut of own) {
          if (cuts.has(cut) || cuts.size >= most) continue;
          cuts.add(cut);
          if (near.includes(cut)) yield cut;
        }
        if (near.length === own.length) addBehind(behind, value);
      }
    }
  }

  #readerOf(cut: Value, loosely: ReaderOptions['loosely'], filled: ReaderOptions['filled']): Reader | undefined {
    const readers = remembered(this.#readers, cut, () => new Map<string, Reader | undefined>());
    return remembered(readers, `${loosely && [...loosely]} ${filled}`, () => {
      const live = this.#forwardOf(cut);
      if (loosely && ![...live].some(({ producer }) => producer && loosely.has(producer.opType)))
        return this.#readerOf(cut, undefined, filled);
      // What depends on the variable is no number.
      const isOther = (input: Value | undefined) => input !== undefined && !live.has(input) && this.#isFill(input);
      const isAny = !filled || [...live].some(({ producer }) => producer?.inputs.some(isOther));
      return isAny ? new Reader(this.facts, { cut, live, loosely, filled }) : undefined;
    });
  }

  #isFill(value: Value): boolean {
    return remembered(this.#fills, value, () => value.shape?.length !== 0 && fillOf(value, this.facts) !== undefined);
  }
}

const isReduced = ({ producer }: Value): boolean => reductionOf(producer) !== undefined;

/** The values that are read from a root to a cut. */
function between(root: Value, cut: Value, live: ReadonlySet<Value>): ReadonlySet<Value> {
  const found = new Set([root]);
  for (const value of found)
    if (value !== cut) for (const input of value.producer?.inputs ?? []) if (input && live.has(input)) found.add(input);
  return found;
}

/** True for a value that a formula may read twice, by algebra or by the ops in its pattern. */
function isReadTwice({ uses }: Value, pattern: Pattern): boolean {
  if (uses.size < 2) return false;
  const { opTypes } = needsOf(pattern);
  let count = 0;
  for (const { node } of uses) if (isAlgebra(node) || opTypes.has(node.opType)) count++;
  return count >= 2;
}

/** The values that a formula may be of where this one is read twice: what it is a multiple of, and itself. */
function variablesOf(value: Value, facts: Facts): readonly Value[] {
  let source = value;
  for (let next: Value | undefined = value; next; next = multipleOf(next, facts)) source = next;
  return source === value ? [plainOf(value).of] : [plainOf(source).of, plainOf(value).of];
}

/** The value that this one is a multiple of: where −x is read twice, the formula's variable may be x. */
function multipleOf(value: Value, facts: Facts): Value | undefined {
  const node = plainOf(value).of.producer;
  if (!node?.is('Neg') && !node?.is('Mul') && !node?.is('Div')) return undefined;
  const [of, ...others] = node.inputs.filter((input) => scalarOf(input, facts) === undefined);
  return others.length === 0 && of !== node.inputs[node.is('Div') ? 1 : 2] ? of : undefined;
}
