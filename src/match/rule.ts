/** Defines a rule: an equation A ⟶ B. A pattern matches the left side, and `rewrite` builds the right side. */
import type { Facts } from '../infer/index.js';
import type { Node } from '../ir/node.js';
import type { KernelCall } from '../ir/targets/kernel-call.js';
import type { Architecture, Target } from '../ir/targets/targets.js';
import { foundText } from '../ir/text/usage-error.js';
import type { DataType, Type } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import type { Miss } from './miss.js';
import { type CapturesOf, Pattern } from './pattern/index.js';
import type { Rewriter } from './rewriter.js';
import type { Trace } from './trace.js';

/** The environment of rules and passes, which they ask and report to; every PassContext is one. */
export interface RuleHost {
  readonly target: Target;
  /** The generation of devices that the result is meant for; undefined for all of the target's. */
  readonly architecture?: Architecture | undefined;
  /**
   * True where the target's provider has a kernel for the op (domain '' is ai.onnx) at this opset with this element type. `made`: the type that a
   * Cast makes.
   */
  hasKernel(opType: string, domain: string, opset: number, elem: DataType, made?: DataType): boolean;
  /**
   * Gives the unmet expectation of the target's kernel for a call, in words; undefined where it takes the call, or
   * sizes are not known.
   */
  unfit(call: KernelCall): string | undefined;
  /** Says something worth reading in the report. */
  note(text: string, about?: Node | Value): void;
  /** Says that something was left as it is, and why. Reasons are grouped by their text: put names into `about`. */
  skip(reason: string, about?: Node | Value): void;
  /**
   * Gives the reason to leave a place as it is, found before the pass ran; undefined where it may be edited. For rules
   * this is asked automatically.
   */
  leaves(node: Node): string | undefined;
  /**
   * The number of nodes or values of the model that one stands for, where the pipeline has left few repeats for many: a
   * pass multiplies its counts by it.
   */
  timesOf(about: Node | Value): number;
  /** Reports a place of the kind that the pass is for, fused or not; a miss is reported as a skip as well. */
  site(site: SiteReport): void;
  /**
   * Replaces each value of `old` by the one of `by` for all its readers; both stand in the graph meanwhile. Returns a
   * reason where nothing is replaced, for the caller to report of the place: a kernel does not take its inputs, or an
   * equal rewrite was refuted by running it.
   */
  replace(rewrite: Rewrite): string | undefined;
}

/** The report of one place of the kind that a pass is for, fused or not. */
export interface SiteReport {
  /** The noun of the kind, singular: `attention`, `GELU`. */
  readonly kind: string;
  readonly at: Node;
  readonly isFused: boolean;
  /** The rule that holds there, or came furthest; absent where none reached it. */
  readonly rule?: string;
  /** The use of that rule, in half a sentence. */
  readonly because?: string;
  readonly miss?: Miss;
  /** Draws the tree of the expected parts, with the matched ones and the failure. */
  trace?(): Trace;
}

/** One rewrite, while the old and the new nodes stand beside each other in the graph. */
export interface Rewrite {
  readonly rule: string;
  /** Values that are replaced, each by the one at the same place. */
  readonly old: readonly Value[];
  readonly by: readonly Value[];
  /** The values that both are computed from. */
  readonly operands: readonly Value[];
  readonly facts: Facts;
  /** The model's revision before any of `by` was built. Where it is told and nothing is replaced, building was no change. */
  readonly since?: number;
}

/** The questions open to a rewrite. All come before the first op is built. */
export interface RewriteScope {
  /** The value that the rule's pattern matched. */
  readonly root: Value;
  /** The root's type; the replacement must have it too. */
  readonly type: Type | undefined;
  readonly facts: Facts;
  readonly host: RuleHost;
  /** Adds ops and constants, named after the root. */
  readonly build: Rewriter;
  /** The opset of ai.onnx in this scope. */
  readonly opset: number;
  /** A refusal, and what would help where something does. The place is the root's node where none is given. */
  no(reason: string, help?: string, at?: Node | Value): Miss;
}

/** The replacement: of the root alone, or of captured inner values as well, by capture. */
export type Replacement = Value | ({ readonly root: Value } & Readonly<Record<string, Value>>);

/** An equation: a pattern and what replaces it. */
export interface Rule {
  readonly name: string;
  /** The use of the rule, in half a sentence: `explain` says it of the sites that the rule fuses. */
  readonly because: string;
  readonly match: Pattern;
  /** Captures whose value the rewrite also gives: they may be read elsewhere. */
  readonly gives: readonly string[];
  rewrite(captures: never, scope: RewriteScope): Replacement | Miss;
}

/** The definition of a rule. */
export interface RuleSpec<P extends Pattern> {
  /** In kebab case: what `explain --rule` takes, and the name of its pass. */
  readonly name: string;
  /** The use of the rule, in half a sentence. */
  readonly because: string;
  readonly match: P;
  /** Captures whose value the rewrite also gives: they may be read elsewhere. */
  readonly gives?: readonly (keyof CapturesOf<P> & string)[];
  /** Builds the replacement, or refuses with `no`. */
  rewrite(captures: CapturesOf<P>, scope: RewriteScope): Replacement | Miss;
}

const made = new WeakSet<object>();

/** Defines a rule; its rewrite sees the captures of its pattern by name. Throws TypeError for a rule that can mean nothing. */
export function rule<P extends Pattern>(spec: RuleSpec<P>): Rule {
  const { name, because, match, gives = [], rewrite } = spec;
  const refuse = (expected: string, found: string, remedy = ''): never => {
    throw new TypeError(`rule ${name}: expected ${expected}; found ${found}.${remedy}`);
  };
  if (typeof name !== 'string' || !name) refuse('a name', foundText(name));
  if (typeof because !== 'string' || !because) refuse('because: half a sentence', foundText(because));
  if (!(match instanceof Pattern)) refuse('match: a pattern', foundText(match));
  if (typeof rewrite !== 'function') refuse('rewrite: a function', foundText(rewrite));
  if (!isMarked(match))
    refuse(
      'a site in every way that the pattern matches',
      'one without',
      ' Mark the op that the rule is about: site(…)',
    );
  for (const capture of gives) if (!match.names.has(capture)) refuse('captures that it gives', capture);
  for (const variable of variablesOf(match))
    if (!bindersOf(match).has(variable)) refuse(`a capture ${variable} beside the polynomial in it`, 'none');
  const defined = { gives, ...spec } as Rule;
  made.add(defined);
  return defined;
}

/** True for a rule defined by `rule` of this copy of the package. */
export const isRule = (found: unknown): found is Rule => typeof found === 'object' && found !== null && made.has(found);

export const isRuleSet = (found: unknown): found is RuleSet => {
  const { noun, rules } = (found ?? {}) as Partial<RuleSet>;
  return typeof noun === 'string' && Array.isArray(rules) && rules.length > 0 && rules.every(isRule);
};

/** True if every way to match has a site in it. */
const isMarked = ({ shape, parts }: Pattern): boolean =>
  shape.kind === 'site' ||
  (shape.kind === 'choice'
    ? parts.every(isMarked)
    : shape.kind === 'product' || shape.kind === 'sum'
      ? shape.parts.some(({ pattern, isOptional }) => !isOptional && isMarked(pattern))
      : parts.some(isMarked));

const variablesOf = ({ shape, parts }: Pattern): readonly string[] =>
  shape.kind === 'polynomial' ? [shape.name] : parts.flatMap(variablesOf);

const bindersOf = ({ shape, parts }: Pattern): ReadonlySet<string> =>
  new Set([
    ...(shape.kind === 'capture' || shape.kind === 'as' ? [shape.name] : []),
    ...parts.flatMap((part) => [...bindersOf(part)]),
  ]);

/** Rules for one kind of site. Every site is in the report: fused by the first rule that holds, or with the deepest miss. */
export interface RuleSet {
  /**
   * The name of a site in the report, singular: `GELU`, `layer norm`. In kebab case it is an argument of `explain
   * --rule`.
   */
  readonly noun: string;
  /** In any order: the larger pattern is tried first. */
  readonly rules: readonly Rule[];
  /** Nouns of sets whose sites only look like this one's: they are more special, and go first. */
  readonly after?: readonly string[];
}
