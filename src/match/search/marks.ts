/** Says what a pattern asks of any place, before a graph is read: the parts that sites resemble, the ops and reductions in it. */
import type { Facts } from '../../infer/index.js';
import { maxOf } from '../../ir/collections/lists.js';
import { remembered } from '../../ir/collections/remembered.js';
import type { Node } from '../../ir/node.js';
import { calls, looseOps, spells, spellsAlgebra } from '../algebra/algebra.js';
import { keyOf, type Pattern } from '../pattern/index.js';

/** The part of a pattern that a site must resemble. */
export interface Mark {
  readonly pattern: Pattern;
  /** One of these has to be what a node is. */
  readonly about: readonly Pattern[];
  /** The sites in it that are reductions. */
  readonly reduced: readonly Pattern[];
  /** An op that whatever looks like it goes through. */
  readonly through: string | undefined;
  /** The ops that whatever looks like it may go through as well. */
  readonly loosely: ReadonlySet<string>;
}

const marks = new Map<Pattern, readonly Mark[]>();

/** The marks of a pattern. */
export const marksOf = (pattern: Pattern): readonly Mark[] =>
  remembered(marks, pattern, () => [...new Set(markedIn(pattern))].map(markOf));

/** Each telling part, and sites outside of telling parts. */
const markedIn = (pattern: Pattern, isTold = false): readonly Pattern[] => {
  const { kind } = pattern.shape;
  const inner = pattern.parts.flatMap((part) => markedIn(part, isTold || kind === 'telling'));
  return kind === 'telling' || (kind === 'site' && !isTold) ? [pattern, ...inner] : inner;
};

function markOf(pattern: Pattern): Mark {
  const [part] = pattern.parts;
  const { opTypes } = needsOf(pattern);
  return {
    pattern,
    about: [...new Set(aboutIn(pattern))],
    reduced: [...new Set(sitesIn(pattern))].filter(({ parts: [of] }) => of?.shape.kind === 'reduction'),
    through: pattern.shape.kind === 'telling' && part?.shape.kind === 'read' ? part.shape.through : undefined,
    loosely: new Set([...looseOps].filter((opType) => !opTypes.has(opType))),
  };
}

const sitesIn = (pattern: Pattern): readonly Pattern[] =>
  pattern.shape.kind === 'site' ? [pattern] : pattern.parts.flatMap(sitesIn);

/** The parts that tell the nodes of marked sites, found below marks, choices and conditions. */
const aboutIn = (pattern: Pattern, isInside = false): readonly Pattern[] => {
  const { kind } = pattern.shape;
  const isOne = isInside && (kind === 'op' || kind === 'reduction' || kind === 'read');
  return isOne ? [pattern] : pattern.parts.flatMap((part) => aboutIn(part, isInside || kind === 'site'));
};

/** True if a node may be what this part of a site is about. */
export function isAbout({ shape }: Pattern, node: Node, facts: Facts): boolean {
  if (shape.kind === 'read') return shape.isSite?.(node, facts) ?? false;
  if (shape.kind === 'reduction') return spells(node, shape.opType);
  return shape.kind === 'op' && (node.is(shape.opType, shape.domain) || (shape.opType === 'Sigmoid' && node.is('Exp')));
}

/** True for a mark that is clear without its operands: an Erf marks a GELU, whatever its input is. */
export const isByItself = ({ shape, parts: [part] }: Pattern): boolean =>
  shape.kind === 'site' && (part?.shape.kind === 'read' || (part?.shape.kind === 'op' && calls.has(part.shape.opType)));

/** What a pattern needs of a graph, whatever its choices are. */
export interface Needs {
  /** The ops that are in a formula, without those that algebra may spell, and those behind other ops. */
  readonly ops: readonly string[];
  /** The types of all the ops that the pattern has. */
  readonly opTypes: ReadonlySet<string>;
  /** The least number of different reductions in a match. */
  readonly reductions: number;
  /** The largest number of reductions inside each other. */
  readonly nesting: number;
  /** True if its variable is a part of it, with a formula of its own. */
  readonly isOpened: boolean;
  /** True if its root is its site. */
  readonly isAtRoot: boolean;
  /** True if its variable is inside its sites. */
  readonly isInSite: boolean;
}

const needs = new Map<Pattern, Needs>();

export const needsOf = (pattern: Pattern): Needs =>
  remembered(needs, pattern, () => ({
    ops: opsIn(pattern),
    opTypes: new Set(opTypesIn(pattern)),
    reductions: reductionsIn(pattern).size,
    nesting: nestingIn(pattern),
    isOpened: isOpened(pattern, pattern.subject),
    isAtRoot: isAtRoot(pattern),
    isInSite: pattern.subject !== undefined && hasInSite(pattern, pattern.subject),
  }));

/** True if the ops that a pattern needs are there. */
export const hasOps = (pattern: Pattern, opTypes: { has(opType: string): boolean }): boolean =>
  // exp(x) / (1 + exp(x)) is a Sigmoid.
  needsOf(pattern).ops.every((op) => opTypes.has(op) || (op === 'Sigmoid' && opTypes.has('Exp')));

/** The reductions that are in a pattern whatever its choices are, each once. */
function reductionsIn(pattern: Pattern): ReadonlySet<string> {
  const { shape, parts } = pattern;
  if (shape.kind === 'optional' || shape.kind === 'read') return new Set();
  const inner = parts.map(reductionsIn);
  if (shape.kind === 'choice') return inner.reduce((a, b) => (b.size < a.size ? b : a));
  const own = shape.kind === 'reduction' ? [keyOf(pattern)] : [];
  return new Set([...own, ...inner.flatMap((some) => [...some])]);
}

function nestingIn({ shape, parts }: Pattern): number {
  if (shape.kind === 'read') return Number.POSITIVE_INFINITY;
  return maxOf(parts.map(nestingIn), 0) + (shape.kind === 'reduction' ? 1 : 0);
}

const isOpened = ({ shape, parts }: Pattern, name: string | undefined): boolean =>
  (shape.kind === 'as' && shape.name === name) || parts.some((part) => isOpened(part, name));

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
    case 'read':
      return shape.through === undefined ? [] : [shape.through];
    case 'optional':
      return [];
    default:
      return parts.flatMap(opsIn);
  }
}

const opTypesIn = ({ shape, parts }: Pattern): readonly string[] => [
  ...(shape.kind === 'op' ? [shape.opType] : []),
  ...(shape.kind === 'read' && shape.through !== undefined ? [shape.through] : []),
  ...parts.flatMap(opTypesIn),
];

const isAtRoot = ({ shape, parts }: Pattern): boolean =>
  shape.kind === 'site' || (['as', 'where', 'telling', 'choice'].includes(shape.kind) && parts.every(isAtRoot));

const hasInSite = ({ shape, parts }: Pattern, name: string): boolean =>
  parts.some((part) => (shape.kind === 'site' ? part.names.has(name) : hasInSite(part, name)));
