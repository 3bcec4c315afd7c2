/** Holds the state of one search: the match so far, and the deepest point of any attempt. */
import type { Facts } from '../../infer/index.js';
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import type { Reader } from '../algebra/reader.js';
import { Miss } from '../miss.js';

/** A part of a pattern for a search; its identity is the pattern inside captures, conditions and marks. */
export interface PatternPart {
  readonly bare: PatternPart;
}

/** One part of a pattern and its match; a linked list, so that backtracking drops its head. */
interface MatchStep {
  readonly before: MatchStep | undefined;
  readonly part: PatternPart;
  readonly at: Value;
  readonly nodes: readonly Node[];
}

/** The match up to a point. Immutable. */
export class Environment {
  private constructor(
    readonly captures: ReadonlyMap<string, Value | number | string>,
    readonly last: MatchStep | undefined,
    /** Nodes matched: how deep the match went. */
    readonly depth: number,
    /** The reader of values. */
    readonly reader: Reader,
    /** The nodes of the parts that are marked as sites. */
    readonly sites: readonly Node[],
  ) {}

  static empty(reader: Reader): Environment {
    return new Environment(new Map(), undefined, 0, reader, []);
  }

  /** The environment with one more capture; undefined where the name already stands for something else. */
  capture(name: string, value: Value | number | string): Environment | undefined {
    const old = this.captures.get(name);
    if (old !== undefined) return old === value ? this : undefined;
    const captures = new Map(this.captures).set(name, value);
    return new Environment(captures, this.last, this.depth, this.reader, this.sites);
  }

  matched(part: PatternPart, at: Value, nodes: Iterable<Node> = []): Environment {
    const list = [...nodes];
    const step = { before: this.last, part, at, nodes: list };
    return new Environment(this.captures, step, this.depth + list.length, this.reader, this.sites);
  }

  /** Replaces the reader of values; otherwise the same environment. */
  by(reader: Reader): Environment {
    return new Environment(this.captures, this.last, this.depth, reader, this.sites);
  }

  /** Adds a site; otherwise the same environment. */
  atSite(node: Node): Environment {
    return new Environment(this.captures, this.last, this.depth, this.reader, [...this.sites, node]);
  }

  /** The matched parts, in the order of matching. */
  steps(): { readonly part: PatternPart; readonly at: Value; readonly nodes: readonly Node[] }[] {
    const steps: MatchStep[] = [];
    for (let step = this.last; step; step = step.before) steps.push(step);
    return steps.reverse();
  }

  /** The nodes that the match consists of. */
  nodes(): Set<Node> {
    const nodes = new Set<Node>();
    for (let step = this.last; step; step = step.before) for (const node of step.nodes) nodes.add(node);
    return nodes;
  }
}

export const capturesOf = <C>(environment: Environment): C => Object.fromEntries(environment.captures) as C;

/** The deepest failure of a search. */
export interface MatchFailure {
  readonly environment: Environment;
  readonly part: PatternPart;
  readonly at: Value;
  readonly reason: string;
}

export class Search {
  deepest: MatchFailure | undefined;

  constructor(
    readonly facts: Facts,
    /**
     * True if a resemblance to the pattern is enough: numbers and conditions are ignored, and there may be more factors
     * and terms.
     */
    readonly isLoose = false,
  ) {}

  /** Remembers where an attempt ended, if none came deeper; that all but a number matched says more than another end as deep. */
  fail(environment: Environment, part: PatternPart, at: Value, reason: string, isNumber = false): void {
    const deepest = this.deepest?.environment.depth ?? -1;
    if (isNumber ? deepest > environment.depth : deepest >= environment.depth) return;
    this.deepest = { environment, part, at, reason };
  }

  get miss(): Miss | undefined {
    if (!this.deepest) return undefined;
    const { reason, at, environment } = this.deepest;
    return new Miss(reason, at.producer ?? at, undefined, environment.depth);
  }
}

/** The text of an unexpected value in a few words, without names. */
export const foundAt = (value: Value): string => {
  if (value.isConstant) return `a constant ${value.elem}[${value.shape?.join(', ') ?? ''}]`;
  const node = value.producer;
  if (!node) return 'a graph input';
  if (node.is('Cast')) return `Cast (to = ${value.elem})`;
  return node.domain ? `${node.domain}.${node.opType}` : node.opType;
};
