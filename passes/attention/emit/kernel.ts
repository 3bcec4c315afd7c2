/**
 * Replaces a site by one kernel: asks everything first, then builds, then reconnects the readers of the site.
 *
 * The operands are taken from before the exporter's splits and transposes where views show that this is the same
 * tensor.
 */

import type { Facts } from '../../../src/infer/index.js';
import { type DataType, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { helps, type Match, Miss } from '../../../src/match/miss.js';
import { Rewriter } from '../../../src/match/rewriter.js';
import type { RuleHost } from '../../../src/match/rule.js';
import {
  type Axes,
  type AxisFactor,
  cut,
  cutsBetween,
  leavesOf,
  namesBy,
  sameAxes,
  sizeOf,
  viewingOf,
  viewOf,
} from '../../../src/match/views/view.js';
import { inputsOf } from '../mask/causal.js';
import { isWeak } from '../mask/term.js';
import type { AttentionSite } from '../read/site.js';
import { type Arrangement, arrange, type DeferredBuild, measured, measuredIn } from './arrange.js';
import type { SharedBiases } from './bias.js';

/** A kernel that can replace a site, with its output and axes. */
export interface Emission {
  readonly plan: (builder: Rewriter, shared: SharedBiases) => Value;
  readonly axes: Axes;
  /** The element type that it computes in. */
  readonly elem: DataType;
  /** The tensors that query, key and value are taken from. */
  readonly operands: readonly Value[];
  /**
   * The values that the mask and the biases are computed from, if the kernel holds for such masks alone; without them
   * any mask will do.
   */
  readonly masks?: readonly Value[];
}

/** An emitter makes the kernel of one op for a site; a Miss where the op does not take it. */
export type Emitter = (site: AttentionSite, facts: Facts, host: RuleHost) => Match<Emission>;

/** Replaces the site by one node, or returns the reason that it stays. Then nothing reads the nodes built so far. */
export function emitAttention(
  site: AttentionSite,
  emission: Emission,
  facts: Facts,
  shared: SharedBiases,
  host: RuleHost,
): Miss | undefined {
  const { axes, elem } = emission;
  const context = site.context.output;
  const readers = viewsOf(context).filter((value) => sameAxes(axesIn(value, site, facts), axes));
  const read = readFrom(context, readers, axes.map(leavesOf), site, facts, emission.operands);
  if (!read) return new Miss('sizes of the result are not known', site.context);
  const shapes = shapesOf(site, emission.operands);
  if (shapes instanceof Miss) return shapes;
  const name = site.context.name || site.softmax.name;
  // A site gets a scope of its own where names have none: so the kernels of two sites have different names.
  const builder = new Rewriter(context.graph, /^$|\//.test(name) ? name : `${name}/`);
  let output = emission.plan(builder, shared);
  const type = tensorType(elem, axes.map(sizeOf));
  output.type = type;
  if (site.isGuarded) {
    output = builder.op('Where', [nanTest(builder, output, elem, host), builder.constant(elem, 0), output]);
    output.type = type;
  }
  output = builder.cast(output, site.elem);
  output.type = tensorType(site.elem, axes.map(sizeOf));
  // Every reader of the context reads the kernel's output: as it is where they merged the heads, else arranged again.
  const old = readers.includes(read.value) ? readers : [...readers, read.value];
  const by = old.map((value) => (readers.includes(value) ? output : read.change.apply(builder, output)));
  const reason = host.replace({
    rule: 'attention',
    old: [...old, ...shapes.map(({ shape }) => shape)],
    by: [...by, ...shapes.map(({ plan }) => plan(builder))],
    operands: [...emission.operands, ...(emission.masks ?? masksOf(site, facts))],
    facts,
    since: builder.since,
  });
  return reason === undefined ? undefined : new Miss(reason, site.softmax);
}

/** IsNaN(x), or Not(Equal(x, x)) where the target has no kernel for the one and has one for the other. */
function nanTest(build: Rewriter, x: Value, elem: DataType, { hasKernel }: RuleHost): Value {
  const opset = x.graph.opsets.get('') ?? 1;
  const isOther = !hasKernel('IsNaN', '', opset, elem) && hasKernel('Equal', '', opset, elem);
  return isOther ? build.op('Not', [build.op('Equal', [x, x])]) : build.op('IsNaN', [x]);
}

/**
 * Computes the shapes of inner values from the operands' shapes, if a node asks for them; a Miss where one is read
 * elsewhere and not known.
 */
function shapesOf(
  { measures }: AttentionSite,
  operands: readonly Value[],
): Match<{ shape: Value; plan: DeferredBuild }[]> {
  const found: { shape: Value; plan: DeferredBuild }[] = [];
  for (const { node, axes, isInside } of measures) {
    const sizes = axes
      .slice(node.int('start', 0), node.int('end', axes.length))
      .map((axis) => readFromAny(axis, operands));
    if (!sizes.includes(undefined) && !node.hasReference)
      found.push({
        shape: node.output,
        plan: (builder) =>
          builder.op(
            'Concat',
            sizes.map((plan) => (plan as DeferredBuild)(builder)),
            { axis: 0 },
          ),
      });
    else if (!isInside) return new Miss('the shape of a value inside is read elsewhere', node, helps.use);
  }
  return found;
}

/** Plans the length of an axis as a value of one element. */
function readFromAny(axis: readonly AxisFactor[], operands: readonly Value[]): DeferredBuild | undefined {
  const size = sizeOf(axis);
  if (typeof size === 'number') return (builder) => builder.ints(size);
  const place = measuredIn(operands, size);
  return place && ((builder) => measured(builder, place.of, place));
}

/**
 * Chooses the context, or a view of it read by all its readers: the one that is cheapest to make of the output. So a
 * Transpose behind the context is not made anew where the output need not be turned for it. Undefined where sizes are
 * not known.
 */
function readFrom(
  context: Value,
  readers: readonly Value[],
  from: Axes,
  site: AttentionSite,
  facts: Facts,
  operands: readonly Value[],
) {
  let best: { readonly value: Value; readonly change: Arrangement } | undefined;
  for (let value: Value | undefined = context; value; value = onlyView(value, readers)) {
    const to = axesIn(value, site, facts);
    const change = to.length > 0 ? arrange(from, to, operands) : undefined;
    if (change && change.copies <= (best?.change.copies ?? change.copies)) best = { value, change };
  }
  return best;
}

/**
 * Finds the one view that all readers of a value read; undefined where a reader is no view, or the value itself is
 * replaced by the kernel's output.
 */
function onlyView(value: Value, readers: readonly Value[]): Value | undefined {
  const [view, ...others] = viewsOf(value, 2).slice(1);
  return !readers.includes(value) && value.uses.size === 1 && others.length === 0 ? view : undefined;
}

/** The values fed when the rewrite is run alone: any mask will do, unless some row must see a key. */
const masksOf = (site: AttentionSite, facts: Facts): readonly Value[] =>
  site.terms.some(isWeak) ? inputsOf(site, facts) : site.terms.map((term) => term.value);

/** The axes of a view of the context in the site's factors; none where it is something else. */
function axesIn(value: Value, site: AttentionSite, facts: Facts): Axes {
  const context = site.context.output;
  const view = value === context ? undefined : viewOf(value, facts);
  if (value === context) return site.contextAxes.map(leavesOf);
  if (view?.base !== context || view.scale !== 1) return [];
  const [own, shared] = [view.baseAxes.flat(), site.contextAxes.flat()];
  const cuts = cutsBetween(own, shared);
  if (!cuts) return [];
  cut(cuts);
  const names = namesBy(own, shared);
  return view.axes.map((factors) => leavesOf(factors).map((factor) => names.get(factor) ?? factor));
}

/** A value and those that are reached from it through a few view ops. */
function viewsOf(value: Value, depth = 5): Value[] {
  if (depth === 0) return [];
  const next = value.users.flatMap(({ inputs, outputs: [output] }) =>
    output && inputs[0] === value && viewingOf(output) ? viewsOf(output, depth - 1) : [],
  );
  return [value, ...next];
}
