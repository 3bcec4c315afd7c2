/**
 * Sums with a bias in kernels that CUDA has for tokens [B, S, C] of image models: BiasSplitGelu and BiasAdd. Each part is written to memory and read again
 * otherwise, which is most of the time of such nodes. What the kernels take was tried on the real provider (1.29).
 */
import type { Facts } from '../../src/infer/index.js';
import { equalDims } from '../../src/ir/dims/dims.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { equalShapes } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { helps, Miss } from '../../src/match/miss.js';
import { Rewriter } from '../../src/match/rewriter.js';
import type { PassContext } from '../../src/run/pass.js';

const CONTRIB = { domain: 'com.microsoft' } as const;

/** What BiasSplitGelu takes as C; it fails at run for others. */
const WIDTHS: readonly number[] = [2560, 5120, 6144, 10240, 12288];

interface BiasedSite {
  readonly kind: 'gated GELU with a bias' | 'residual with a bias';
  readonly opType: 'BiasSplitGelu' | 'BiasAdd';
  readonly x: Value;
  readonly bias: Value;
  readonly skip?: Value;
  /** x + bias */
  readonly sum: Value;
  /** Values between x and the result. */
  readonly inner: readonly Value[];
  /** A reason that the form of the nodes gives. */
  readonly reason: string | undefined;
}

export function fuseBiased(graph: Graph, facts: Facts, context: PassContext): void {
  for (const node of graph.nodes()) {
    const found = gatedGelu(node) ?? residual(node);
    if (!found) continue;
    const miss = emit(node, found, facts, context);
    context.site({ kind: found.kind, at: node, isFused: !miss, rule: found.opType, ...(miss && { miss }) });
  }
}

function emit(node: Node, site: BiasedSite, facts: Facts, context: PassContext): Miss | undefined {
  const { opType, x, bias, skip } = site;
  const reason = obstacle(node, site, context) ?? context.leaves(node);
  if (reason !== undefined) return new Miss(reason, node, site.sum.shape ? undefined : helps.shape);
  const build = new Rewriter(node.graph, node.name);
  const inputs = skip ? [x, bias, skip] : [x, bias];
  const made = build.op(opType, inputs, {}, { ...CONTRIB, type: node.output.type });
  const refused = context.replace({
    ...{ rule: opType, old: [node.output], by: [made], facts, since: build.since },
    operands: skip ? [x, skip] : [x],
  });
  return refused === undefined ? undefined : new Miss(refused, node);
}

function obstacle(node: Node, { opType, x, bias, skip, sum, inner, reason }: BiasedSite, context: PassContext) {
  const { elem } = node.output;
  if (reason !== undefined) return reason;
  if (!elem || !context.hasKernel(opType, CONTRIB.domain, 1, elem)) return `the target has no ${opType} for ${elem}`;
  if (inner.some(({ uses }) => uses.size > 1)) return 'what the kernel would keep to itself is read elsewhere';
  if (sum.shape?.length !== 3) return 'the kernel takes tokens of three axes';
  if (!equalShapes(x.shape, sum.shape) || !equalDims(bias.shape?.[0] ?? 0, sum.shape[2] ?? 0))
    return 'the bias broadcasts its sum to a larger shape';
  if (skip && !equalShapes(skip.shape, sum.shape)) return 'the kernel adds two values of one shape';
  const width = sum.shape[2];
  return opType === 'BiasSplitGelu' && !WIDTHS.includes(Number(width))
    ? `the kernel takes ${WIDTHS.join(', ')} columns; found ${width}`
    : undefined;
}

/** a · Gelu(b) of x + bias = [a, b]  ⟶  BiasSplitGelu(x, bias) */
function gatedGelu(node: Node): BiasedSite | undefined {
  if (!node.is('Mul')) return undefined;
  const [first, second] = node.inputs as [Value, Value];
  for (const [left, active] of [
    [first, second],
    [second, first],
  ] as const) {
    const gelu = active.producer;
    const [right] = gelu?.inputs ?? [];
    const split = right?.producer;
    if (!gelu || !right || !split?.is('Split') || left.producer !== split || split.outputs.length !== 2) continue;
    if (!(gelu.is('Gelu') || gelu.is('Gelu', CONTRIB.domain))) continue;
    const found = biasedSum(split.inputs[0]);
    if (!found) continue;
    const [a, b] = split.outputs;
    const isLast =
      [-1, 2].includes(split.int('axis', 0)) && equalDims(left.shape?.at(-1) ?? 0, right.shape?.at(-1) ?? 1);
    const reason = !isLast
      ? 'the kernel splits the last axis into halves'
      : a !== left || b !== right
        ? 'the kernel takes the GELU of the second half'
        : gelu.string('approximate') === 'tanh'
          ? 'BiasSplitGelu is the exact GELU'
          : undefined;
    return {
      kind: 'gated GELU with a bias',
      opType: 'BiasSplitGelu',
      ...found,
      inner: [found.sum, left, right, active],
      reason,
    };
  }
  return undefined;
}

/** (x + bias) + skip  ⟶  BiasAdd(x, bias, skip) */
function residual(node: Node): BiasedSite | undefined {
  if (!node.is('Add')) return undefined;
  for (const value of node.inputs as readonly Value[]) {
    const found = biasedSum(value);
    const skip = node.inputs.find((other) => other !== value);
    if (!found || !skip || skip.tensor || found.sum.shape?.length !== 3) continue;
    return { kind: 'residual with a bias', opType: 'BiasAdd', ...found, skip, inner: [found.sum], reason: undefined };
  }
  return undefined;
}

/** x + bias, of one number for each column. */
function biasedSum(sum: Value | undefined): Pick<BiasedSite, 'x' | 'bias' | 'sum'> | undefined {
  const node = sum?.producer;
  if (!sum || !node?.is('Add')) return undefined;
  const bias = node.inputs.find((value) => value?.tensor && value.shape?.length === 1);
  const x = node.inputs.find((value) => value !== bias);
  return bias && x && !x.tensor ? { x, bias, sum } : undefined;
}
