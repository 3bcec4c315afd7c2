/** The state of one search: what has matched so far, and the deepest point that any attempt reached. */
import type { Facts } from '../infer/index.js';
import type { Node } from '../ir/node.js';
import type { Shape } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { Miss } from './miss.js';
import type { Pattern } from './pattern.js';

/** One part of a pattern and what it matched; a linked list, so that backtracking is forgetting. */
interface Step {
  readonly before: Step | undefined;
  readonly part: Pattern;
  readonly at: Value;
  readonly nodes: readonly Node[];
}

/** What matched up to a point. Immutable. */
export class Environment {
  static readonly empty = new Environment(new Map(), undefined, 0);

  private constructor(
    readonly captures: ReadonlyMap<string, Value | number | string>,
    readonly last: Step | undefined,
    /** Nodes matched: how deep the match went. */
    readonly depth: number,
    /** The value that is solved next, where it is read in a shape that it is given only later. */
    private readonly later?: { readonly value: Value; readonly shape: Shape },
  ) {}

  /** The environment in which this value is solved next, in a shape that it is given only later; none: in its own. */
  reading(value: Value, shape: Shape | undefined): Environment {
    return new Environment(this.captures, this.last, this.depth, shape && { value, shape });
  }

  /** The shape that a value is given later, where it is read in that. */
  laterShape(value: Value): Shape | undefined {
    return this.later?.value === value ? this.later.shape : undefined;
  }

  /** The environment with one more capture; undefined where the name already stands for something else. */
  capture(name: string, value: Value | number | string): Environment | undefined {
    const old = this.captures.get(name);
    if (old !== undefined) return old === value ? this : undefined;
    return new Environment(new Map(this.captures).set(name, value), this.last, this.depth);
  }

  matched(part: Pattern, at: Value, nodes: readonly Node[] = []): Environment {
    return new Environment(this.captures, { before: this.last, part, at, nodes }, this.depth + nodes.length);
  }

  /** What matched, in the order it did. */
  steps(): { readonly part: Pattern; readonly at: Value; readonly nodes: readonly Node[] }[] {
    const steps: Step[] = [];
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

/** The deepest failure of a search. */
export interface Failure {
  readonly environment: Environment;
  readonly part: Pattern;
  readonly at: Value;
  readonly reason: string;
}

export class Search {
  deepest: Failure | undefined;

  constructor(readonly facts: Facts) {}

  /** Remembers where an attempt ended, if none came deeper. */
  fail(environment: Environment, part: Pattern, at: Value, reason: string): void {
    if (this.deepest && this.deepest.environment.depth >= environment.depth) return;
    this.deepest = { environment, part, at, reason };
  }

  get miss(): Miss | undefined {
    if (!this.deepest) return undefined;
    const { reason, at, environment } = this.deepest;
    return new Miss(reason, at.producer ?? at, undefined, environment.depth);
  }
}
