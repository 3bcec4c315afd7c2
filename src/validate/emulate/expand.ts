/**
 * Writes out operators of com.microsoft that have kernels on GPUs but not on the CPU, in ordinary operators of float32.
 */
import { inferTypes } from '../../infer/index.js';
import { float } from '../../ir/attribute.js';
import { GraphBuilder } from '../../ir/build.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import { cloneModel } from '../../ir/whole-model/clone.js';

type ExpandNode = (node: Node, build: GraphBuilder) => readonly (Value | undefined)[];

const CHANNELS_FIRST = [0, 3, 1, 2];
const CHANNELS_LAST = [0, 2, 3, 1];

/** Y of com.microsoft GroupNorm, of x [N, H, W, C] or (channels_last = 0) [N, C, H, W]. */
function normedGroups(node: Node, build: GraphBuilder, x: Value): Value {
  const isLast = node.int('channels_last', 1) !== 0;
  const groups = node.int('groups', 1);
  const first = isLast ? build.op('Transpose', [x], { perm: CHANNELS_FIRST }) : x;
  const grouped = build.op('Reshape', [first, build.ints(0, groups, -1)]);
  const epsilon = float(node.float('epsilon', 1e-5));
  const affine = [1, 0].map((number) => build.op('Expand', [build.constant('float32', number), build.ints(groups)]));
  const bare = build.op('InstanceNormalization', [grouped, ...affine], { epsilon });
  const whole = build.op('Reshape', [bare, build.op('Shape', [first])]);
  const [scale, shift] = [1, 2].map((slot) => build.op('Reshape', [node.inputs[slot], build.ints(1, -1, 1, 1)]));
  const y = build.op('Add', [build.op('Mul', [whole, scale]), shift]);
  const active = node.int('activation', 0) === 1 ? build.op('Mul', [y, build.op('Sigmoid', [y])]) : y;
  return isLast ? build.op('Transpose', [active], { perm: CHANNELS_LAST }) : active;
}

const sum = (build: GraphBuilder, values: readonly (Value | undefined)[]): Value =>
  values.filter((value): value is Value => value !== undefined).reduce((a, b) => build.op('Add', [a, b]));

const expansions: Readonly<Record<string, ExpandNode>> = {
  GroupNorm: (node, build) => [normedGroups(node, build, node.inputs[0] as Value)],

  SkipGroupNorm(node, build) {
    const [x, , , skip, bias] = node.inputs;
    const rows = skip && skip.shape?.length === 2 ? build.op('Reshape', [skip, build.ints(0, 1, 1, -1)]) : skip;
    const whole = sum(build, [x, rows, bias]);
    return [normedGroups(node, build, whole), whole];
  },

  /** a · gelu(b) of x + bias = [a, b] along the last axis. */
  BiasSplitGelu(node, build) {
    const biased = sum(build, [node.inputs[0], node.inputs[1]]);
    const split = build.node('Split', [biased], { axis: -1, ...splitsInTwo(node) }, { outputs: 2 });
    const [left, right] = split.outputs as [Value, Value];
    const scaled = build.op('Mul', [right, build.constant('float32', Math.SQRT1_2)]);
    const gate = build.op('Add', [build.op('Erf', [scaled]), build.constant('float32', 1)]);
    const gelu = build.op('Mul', [build.op('Mul', [right, build.constant('float32', 0.5)]), gate]);
    return [build.op('Mul', [left, gelu])];
  },

  /** a · b · A · B, of 8-bit floats or wider ones. */
  GemmFloat8(node, build) {
    const [a, b, , ...scales] = node.inputs;
    const [left, right] = [a, b].map((value) => build.op('Cast', [value], { to: 1 }));
    const turned = (value: Value | undefined, name: string) =>
      node.int(name, 0) === 1 ? build.op('Transpose', [value], { perm: [1, 0] }) : value;
    const product = build.op('MatMul', [turned(left, 'transA'), turned(right, 'transB')]);
    return [scales.slice(0, 2).reduce<Value>((y, scale) => (scale ? build.op('Mul', [y, scale]) : y), product)];
  },

  BiasAdd: (node, build) => [sum(build, node.inputs)],

  /** Conv of x [N, H, W, C] by weights [M, kH, kW, C / group]. */
  NhwcConv(node, build) {
    const [x, weights, bias] = node.inputs;
    const first = [x, weights].map((value) => build.op('Transpose', [value], { perm: CHANNELS_FIRST }));
    const y = build.op('Conv', [...first, bias], Object.fromEntries(node.attributes));
    return [build.op('Transpose', [y], { perm: CHANNELS_LAST })];
  },
};

/** From opset 18 on, Split must be told how many parts. */
const splitsInTwo = ({ graph }: Node) => ((graph.opsets.get('') ?? 0) >= 18 ? { num_outputs: 2 } : {});

const expansionOf = (node: Node): ExpandNode | undefined =>
  node.domain === 'com.microsoft' && Object.hasOwn(expansions, node.opType) ? expansions[node.opType] : undefined;

/** True for an operator that the CPU runs only when it is written out. */
export const isExpandable = (node: Node): boolean => expansionOf(node) !== undefined;

/** The model with its operators that the CPU lacks written out; undefined where it has none, or they compute in another float than float32. */
export function writtenOut(original: Model): Model | undefined {
  const model = cloneModel(original);
  inferTypes(model);
  const nodes = [...model.graphs()].flatMap((graph) => [...graph.nodeSet].filter(isExpandable));
  if (nodes.length === 0 || nodes.some(({ output }) => output.elem !== 'float32')) return undefined;
  nodes.forEach(expand);
  return model;
}

/** Replaces the node by ordinary operators. */
export function expand(node: Node): void {
  const { graph } = node;
  const results = expansionOf(node)?.(node, new GraphBuilder(graph)) ?? [];
  node.outputs.forEach((output, index) => {
    const result = results[index];
    if (!output || !result) return;
    result.type = output.type;
    graph.replaceUses(output, result);
  });
  graph.remove(node);
}
