/** The whole model in an older operator set, where nodes that have no kernel in its own have one. */
import { inferTypes } from '../../src/infer/index.js';
import { float } from '../../src/ir/attribute.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { runsThere } from '../../src/ir/targets/placed-node.js';
import type { Value } from '../../src/ir/value.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { sweep } from '../../src/ir/whole-model/sweep.js';
import { lowerOpset, obstacle } from '../../src/opset/lower.js';
import type { PassContext } from '../../src/run/pass.js';
import { cureNode } from './apply.js';
import { type Cure, lacking } from './cure.js';

/** What is tried: before 13, most ops had other forms. */
const OLDEST = 13;

/** x / √(mean(x²) + ε) · scale under the name that the runtime has at any opset. */
const rmsNorm: Cure = ({ node, elem, runs, build }) => {
  const [x, scale] = node.inputs;
  if (!x || !scale || node.hasReference) return 'it has no scale';
  if (!runs('SimplifiedLayerNormalization', elem))
    return `SimplifiedLayerNormalization of ${elem} has no kernel either`;
  const attributes = {
    axis: node.int('axis', -1),
    epsilon: float(node.float('epsilon', 1e-5)),
    stash_type: node.int('stash_type', 1),
  };
  return { value: build.op('SimplifiedLayerNormalization', [x, scale], attributes) };
};

/** RotaryEmbedding(x, cos, sin) ⟶ Concat(a·cos − b·sin, b·cos + a·sin), x = [a, b] */
const rotary: Cure = (scope) => {
  const { node, build } = scope;
  const [x, cos, sin, positions] = node.inputs;
  const half = cos?.shape?.at(-1);
  if (!x || !cos || !sin || positions || node.hasReference) return 'its positions are an input';
  if (node.int('interleaved', 0) !== 0) return 'its pairs are interleaved';
  if (x.shape?.length !== 4 || typeof half !== 'number' || x.shape[3] !== 2 * half)
    return 'it turns a part of its input only, or its sizes are not known';
  const refusal = lacking('Split Mul Sub Add Concat Unsqueeze', scope);
  if (refusal) return refusal;
  const [a, b] = build.node('Split', [x, build.ints(half, half)], { axis: 3 }, { outputs: 2 }).outputs;
  const [c, s] = [cos, sin].map((table) => build.unsqueeze(table, [1]));
  const product = (one: typeof a, table: typeof c) => build.op('Mul', [one, table]);
  const first = build.op('Sub', [product(a, c), product(b, s)]);
  const second = build.op('Add', [product(b, c), product(a, s)]);
  return { value: build.op('Concat', [first, second], { axis: 3 }) };
};

/** Other nodes for ops that hold a model in a newer set. */
const olderForms: Readonly<Record<string, Cure>> = { RMSNormalization: rmsNorm, RotaryEmbedding: rotary };

/** Lowers the operator set where fewer nodes fall back in an older one; a text says why that cannot be. */
export function lowerWhereBetter(model: Model, context: PassContext): true | string | undefined {
  const version = olderSet(model, context);
  if (version === undefined) return undefined;
  const trial = cloneModel(model);
  const before = fallen(model, context);
  // In the trial nothing is told, and nothing recorded.
  const refusal = bring(trial, version, {
    ...context,
    replace: ({ old, by }) => {
      for (const [index, value] of old.entries()) value.graph.replaceUses(value, by[index] as Value);
      return undefined;
    },
  } as PassContext);
  if (refusal) return refusal;
  if (fallen(trial, context) >= before) return `in opset ${version} as many nodes would have no kernel`;
  const from = model.opsets.get('');
  const failure = bring(model, version, context);
  if (failure) return failure;
  context.note(`lowered the opset from ${from} to ${version}, which has kernels for more of the nodes`);
  return true;
}

/** Brings the nodes that have no form in the set into another, and the model to the set. */
function bring(model: Model, version: number, context: PassContext): string | undefined {
  const facts = inferTypes(model);
  for (const node of heldIn(model, version)) {
    const cure = olderForms[node.opType];
    const outcome = cure && cureNode(node, [cure], facts, context);
    if (outcome !== true)
      return `opset ${version} has kernels for it, but not for ${node.opType}: ${outcome ?? obstacle(node, version)}`;
  }
  sweep(model);
  inferTypes(model);
  const refusal = lowerOpset(model, version);
  inferTypes(model);
  return refusal?.reason;
}

const fallenIn = (model: Model, context: PassContext): readonly Node[] =>
  [...context.placed(model)].flatMap(({ node, state }) =>
    runsThere(state) || state === 'shape arithmetic' ? [] : [node],
  );
const fallen = (model: Model, context: PassContext): number => fallenIn(model, context).length;

/** The newest older set in which a node that falls back has a kernel. */
function olderSet(model: Model, context: PassContext): number | undefined {
  const isGained = (node: Node, version: number): boolean => {
    const elem = node.inputs[0]?.elem;
    const { opType, domain } = node;
    return (
      domain === '' &&
      !!elem &&
      !obstacle(node, version) &&
      context.hasKernel(opType, '', version, elem, node.is('Cast') ? node.output.elem : undefined)
    );
  };
  const away = fallenIn(model, context);
  for (let version = (model.opsets.get('') ?? 0) - 1; version >= OLDEST; version--)
    if (away.some((node) => isGained(node, version))) return version;
  return undefined;
}

const heldIn = (model: Model, version: number): readonly Node[] =>
  [...model.graphs()].flatMap((graph) =>
    graph.nodes().filter((node) => node.domain === '' && !model.functionOf(node) && obstacle(node, version)),
  );
