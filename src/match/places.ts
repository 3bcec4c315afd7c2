/**
 * Chooses the places where rules are tried: nodes that may be sites by their op, and the roots and variables of
 * formulas around them.
 */
import type { Facts } from '../infer/index.js';
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import { keyOf, type Pattern } from './pattern.js';
import { plainOf } from './plain.js';
import {
  behindOf,
  calls,
  forwardOf,
  looseOps,
  mostReductionsBehind,
  opsBehind,
  Reader,
  type Reading,
  spells,
  spellsAlgebra,
} from './reader.js';
import type { Rule } from './rule.js';
import { repeatedOf, scalarOf } from './scalar.js';
import { Environment, Search } from './search.js';
import { solve, solveAs } from './solve.js';

/** At most this many values are tried as a formula's variable. */
const MOST_CUTS = 8;
/** At most this many values are searched from a site on. */
const STEPS = 20;

/** The part of a pattern that a site must resemble, with facts that hold before any graph is read. */
interface Mark {
  readonly pattern: Pattern;
  /** One of these has to be what a node is. */
  readonly about: readonly Pattern[];
  /** The sites in it that are reductions. */
  readonly reduced: readonly Pattern[];
  /** The least number of reductions over all choices: a formula with fewer is no match. */
  readonly reductions: number;
  /** An op that whatever looks like it goes through. */
  readonly through: string | undefined;
  /** The ops that whatever looks like it may go through as well. */
  readonly loosely: ReadonlySet<string>;
}

/** The marks of patterns: they are the same in every graph. */
const marks = new Map<Pattern, readonly Mark[]>();

function marksIn(pattern: Pattern): readonly Mark[] {
  const found = marks.get(pattern) ?? markedIn(pattern).map(markOf);
  marks.set(pattern, found);
  return found;
}

/** Each telling part, and sites outside of telling parts. */
const markedIn = (pattern: Pattern, isTold = false): readonly Pattern[] => {
  const { kind } = pattern.shape;
  const inner = pattern.parts.flatMap((part) => markedIn(part, isTold || kind === 'telling'));
  return kind === 'telling' || (kind === 'site' && !isTold) ? [pattern, ...inner] : inner;
};

function markOf(pattern: Pattern): Mark {
  const [part] = pattern.parts;
  return {
    pattern,
    about: aboutIn(pattern),
    reduced: sitesIn(pattern).filter(({ parts: [of] }) => of?.shape.kind === 'reduction'),
    reductions: reductionsIn(pattern).size,
    through: pattern.shape.kind === 'telling' && part?.shape.kind === 'read' ? part.shape.through : undefined,
    loosely: looselyIn(pattern),
  };
}

const sitesIn = (pattern: Pattern): readonly Pattern[] =>
  pattern.shape.kind === 'site' ? [pattern] : pattern.parts.flatMap(sitesIn);

/** The reductions that are in a pattern whatever its choices are, each once. */
function reductionsIn(pattern: Pattern): ReadonlySet<string> {
  const { shape, parts } = pattern;
  if (shape.kind === 'optional' || shape.kind === 'read') return new Set();
  const inner = parts.map(reductionsIn);
  if (shape.kind === 'choice') return inner.reduce((a, b) => (b.size < a.size ? b : a));
  const own = shape.kind === 'reduction' ? [keyOf(pattern)] : [];
  return new Set([...own, ...inner.flatMap((some) => [...some])]);
}

/** The ops that are in a formula whatever its choices are, without those that algebra may spell, and those behind other ops. */
function opsIn({ shape, parts }: Pattern): readonly string[] {
  switch (shape.kind) {
    case 'op':
      return shape.opType === 'Sigmoid' || !spellsAlgebra(shape.opType) ? [shape.opType] : [];
    case 'choice': {
      const [first, ...others] = parts.map(opsIn);
      return first?.filter((op) => others.every((ops) => ops.includes(op))) ?? [];
    }
    case 'product':
    case 'sum':
      return shape.parts.flatMap(({ pattern, isOptional }) => (isOptional ? [] : opsIn(pattern)));
    case 'optional':
    case 'read':
      return [];
    default:
      return parts.flatMap(opsIn);
  }
}

/** The ops of patterns: they are the same in every graph. */
const needed = new Map<Pattern, readonly string[]>();

function neededOf(pattern: Pattern): readonly string[] {
  const ops = needed.get(pattern) ?? opsIn(pattern);
  needed.set(pattern, ops);
  return ops;
}

/** The parts that tell the nodes of marked sites, found below marks, choices and conditions. */
const aboutIn = (pattern: Pattern, isInside = false): readonly Pattern[] => {
  const { kind } = pattern.shape;
  const isOne = isInside && (kind === 'op' || kind === 'reduction' || kind === 'read');
  return isOne ? [pattern] : pattern.parts.flatMap((part) => aboutIn(part, isInside || kind === 'site'));
};

function isOf({ shape }: Pattern, node: Node, facts: Facts): boolean {
  if (shape.kind === 'read') return shape.isSite?.(node, facts) ?? false;
  if (shape.kind === 'reduction') return spells(node, shape.opType);
  return shape.kind === 'op' && (node.is(shape.opType, shape.domain) || (shape.opType === 'Sigmoid' && node.is('Exp')));
}

/** The environment that a search begins with: a value that occurs several times in the pattern is the cut. */
export function environmentOf(pattern: Pattern, reader: Reader): Environment {
  const empty = Environment.empty(reader);
  const { cut } = reader.reading;
  return (cut && pattern.subject && empty.capture(pattern.subject, cut)) || empty;
}

/** The places of a graph, as long as it is not edited. */
export class Places {
  readonly #readers = new Map<Value, Map<string, Reader | undefined>>();
  /** The number of reductions that a value may be computed from by algebra. */
  readonly #reductions = new Map<Value, number>();

  /** The ops of the formula that a value may be; undefined where too many values stand behind it to search. */
  readonly #ops = new Map<Value, ReadonlySet<string> | undefined>();

  /** What is computed from a value by algebra. */
  readonly #forward = new Map<Value, ReadonlySet<Value>>();

  constructor(readonly facts: Facts) {}

  /** True if a node resembles a site of one of the rules. */
  isSite(node: Node, rules: readonly Rule[]): boolean {
    return rules.some(({ match }) =>
      marksIn(match).some(
        (mark) =>
          mark.about.some((part) => isOf(part, node, this.facts)) &&
          (isByItself(mark.pattern) || this.#looksLike(mark, node, rules)),
      ),
    );
  }

  #looksLike({ pattern, reduced, reductions, through, loosely }: Mark, site: Node, rules: readonly Rule[]): boolean {
    const { output } = site;
    const all = pattern.shape.kind === 'site' ? [output] : this.rootsOf(site, rules).slice(0, STEPS);
    const roots = all.filter((root) => this.#reductionsBehind(root) >= reductions);
    if (roots.length === 0 || (through && !all.some(({ producer }) => producer?.is(through)))) return false;
    for (const reader of this.readersOf(output, pattern, [site], loosely)) {
      // The marked part is read first, as it excludes most values.
      if (reduced.length > 0 && !reduced.some((part) => this.#hasTerm(part, output, reader))) continue;
      if (roots.some((root) => this.#looks(pattern, root, reader, site))) return true;
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
    const forward = this.#forward.get(value) ?? forwardOf(value);
    this.#forward.set(value, forward);
    return forward;
  }

  #reductionsBehind(root: Value): number {
    const count = this.#reductions.get(root) ?? mostReductionsBehind(root);
    this.#reductions.set(root, count);
    return count;
  }

  /** True if the ops that a pattern needs stand behind a value. */
  hasOps(root: Value, pattern: Pattern): boolean {
    const ops = neededOf(pattern);
    if (ops.length === 0) return true;
    if (!this.#ops.has(root)) this.#ops.set(root, opsBehind(root));
    const behind = this.#ops.get(root);
    // exp(x) / (1 + exp(x)) is a Sigmoid.
    return !behind || ops.every((op) => behind.has(op) || (op === 'Sigmoid' && behind.has('Exp')));
  }

  /** The values that a formula with this node may compute: the node's own, and values computed from it by algebra. */
  rootsOf(node: Node, rules: readonly Rule[]): readonly Value[] {
    const [own] = node.outputs;
    if (!own) return [];
    return rules.every(({ match }) => isAtRoot(match)) ? [own] : [...this.#forwardOf(own)];
  }

  /** The ways to read a formula: whatever nobody else reads, and of each value that is read twice in it, the nearest first. */
  *readersOf(root: Value, pattern: Pattern, around: readonly Node[], loosely?: ReadonlySet<string>): Iterable<Reader> {
    const cuts = isAtRoot(pattern) ? new Set<Value>() : cutsOf(root, pattern, around, this.facts);
    if (!pattern.subject || cuts.size === 0) yield new Reader(this.facts, { loosely });
    for (const cut of cuts)
      for (const filled of loosely ? [undefined] : ([undefined, 'added', 'any'] as const)) {
        const reader = this.#readerOf(cut, loosely, filled);
        if (reader) yield reader;
      }
  }

  #readerOf(cut: Value, loosely: Reading['loosely'], filled: Reading['filled']): Reader | undefined {
    const key = `${loosely && [...loosely]} ${filled}`;
    const readers = this.#readers.get(cut) ?? new Map<string, Reader | undefined>();
    this.#readers.set(cut, readers);
    if (readers.has(key)) return readers.get(key);
    const live = this.#forwardOf(cut);
    const isSame = loosely && ![...live].some(({ producer }) => producer && loosely.has(producer.opType));
    const isAny = !filled || [...live].some((value) => value.producer?.inputs.some((input) => this.#isFill(input)));
    const own = () => (isAny ? new Reader(this.facts, { cut, live, loosely, filled }) : undefined);
    const reader = isSame ? this.#readerOf(cut, undefined, filled) : own();
    readers.set(key, reader);
    return reader;
  }

  #isFill(value: Value | undefined): boolean {
    return value?.isConstant === true && value.shape?.length !== 0 && repeatedOf(value, this.facts) !== undefined;
  }
}

/** The ops that are seen through where it is enough to look like a formula: those that the pattern itself is about are not. */
const looselyIn = (pattern: Pattern): ReadonlySet<string> =>
  new Set([...looseOps].filter((opType) => !names(pattern, opType)));

const names = ({ shape, parts }: Pattern, opType: string): boolean =>
  (shape.kind === 'op' && shape.opType === opType) || parts.some((part) => names(part, opType));

/** True for a pattern whose root is its site. */
const isAtRoot = ({ shape, parts }: Pattern): boolean =>
  shape.kind === 'site' || (['as', 'where', 'telling', 'choice'].includes(shape.kind) && parts.every(isAtRoot));

/** The values that a formula around these sites may be of, the nearest first: read twice, and behind them if it is inside their marks. */
function cutsOf(root: Value, pattern: Pattern, around: readonly Node[], facts: Facts): ReadonlySet<Value> {
  const { subject } = pattern;
  const isInside = subject !== undefined && hasInSite(pattern, subject);
  const cuts = new Set<Value>();
  for (const start of isInside && around.length > 0 ? around.map(({ output }) => output) : [root]) {
    const most = cuts.size + MOST_CUTS;
    for (const value of behindOf(start)) {
      if (value === root || value.uses.size < 2) continue;
      let source = value;
      for (let next: Value | undefined = value; next; next = multipleOf(next, facts)) source = next;
      for (const cut of [source, value]) if (cuts.size < most) cuts.add(plainOf(cut).of);
    }
  }
  cuts.delete(root);
  return cuts;
}

/** The value that this one is a multiple of: where −x is read twice, the formula's variable may be x. */
function multipleOf(value: Value, facts: Facts): Value | undefined {
  const node = plainOf(value).of.producer;
  if (!node?.is('Neg') && !node?.is('Mul') && !node?.is('Div')) return undefined;
  const [of, ...others] = node.inputs.filter((input) => scalarOf(input, facts) === undefined);
  return others.length === 0 && of !== node.inputs[node.is('Div') ? 1 : 2] ? of : undefined;
}

const hasInSite = ({ shape, parts }: Pattern, name: string): boolean =>
  parts.some((part) => (shape.kind === 'site' ? part.names.has(name) : hasInSite(part, name)));

/** True for a mark that is clear without its operands: an Erf marks a GELU, whatever its input is. */
const isByItself = ({ shape, parts: [part] }: Pattern): boolean =>
  shape.kind === 'site' && (part?.shape.kind === 'read' || (part?.shape.kind === 'op' && calls.has(part.shape.opType)));
