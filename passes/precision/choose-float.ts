/** Chooses the 16-bit float that a model computes in on a target, and the opset that its kernels need, by the tables of kernels. */

import { inferTypes } from '../../src/infer/index.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { isFloat } from '../../src/ir/types.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { rowOf } from '../../src/ops/registry.js';
import { lostKernels } from '../../src/opset/lost.js';
import { raiseOpset } from '../../src/opset/raise.js';
import type { PassContext } from '../../src/run/pass.js';
import { precisionOf } from './ops.js';

/** The share of layers that may stay float32: a patch embedding, or the first convolutions of a speech recognizer. */
const FEW = 1 / 8;
/** The first opset with convolutions of bfloat16. */
const CONVOLUTIONS = 22;

export interface FloatChoice {
  readonly type: 'bfloat16' | 'float16';
  /** The opset that the model must be raised to first; undefined for the model's own. */
  readonly opset: number | undefined;
  /** The reason against bfloat16 at the model's opset, in words; undefined where that is the choice. */
  readonly why: string | undefined;
}

/** Chooses bfloat16, which has float32's range, where few layers and norms stay float32 with it; else the same at a newer opset; else float16, where fewer stay float32. */
export function chooseFloat(model: Model, context: PassContext): FloatChoice {
  const layers = [...model.graphs()].flatMap((graph) => [...graph.nodeSet].filter(isLayerOrNorm));
  const isOwn = layers.filter(({ inputs }) => inputs[0]?.elem === 'float16').length > layers.length / 2;
  if (isOwn) return { type: 'float16', opset: undefined, why: 'the model computes in it already' };
  const lacking = lacks(layers, 'bfloat16', context);
  if (lacking.length <= layers.length * FEW) return { type: 'bfloat16', opset: undefined, why: undefined };
  const why = `${countText(lacking)} have no bfloat16 kernel on ${context.target} at this opset`;
  if (isWhole(model, CONVOLUTIONS, context)) return { type: 'bfloat16', opset: CONVOLUTIONS, why };
  const type = lacks(layers, 'float16', context).length < lacking.length ? 'float16' : 'bfloat16';
  return { type, opset: undefined, why: type === 'float16' ? why : undefined };
}

const isLayerOrNorm = (node: Node): boolean =>
  isFloat(node.inputs[0]?.elem) &&
  (precisionOf(node).isLayer === true || /norm$/.test(rowOf(node)?.fuses ?? '') || node.is('InstanceNormalization'));

const lacks = (nodes: readonly Node[], type: FloatChoice['type'], { hasKernel }: PassContext): readonly Node[] =>
  nodes.filter(({ opType, domain, opset = 1 }) => !hasKernel(opType, domain, opset, type));

/** True where every layer and norm has a bfloat16 kernel at a newer opset, and no node loses the kernel that it has. */
function isWhole(model: Model, to: number, context: PassContext): boolean {
  const raised = cloneModel(model);
  inferTypes(raised);
  if (raiseOpset(raised, to)) return false;
  if (lostKernels(model, raised, to, context.hasKernel).length > 0) return false;
  inferTypes(raised);
  const layers = [...raised.graphs()].flatMap((graph) => [...graph.nodeSet].filter(isLayerOrNorm));
  return lacks(layers, 'bfloat16', context).length === 0;
}

/** 33 Conv and 21 GroupNorm */
function countText(nodes: readonly Node[]): string {
  const counts = new Map<string, number>();
  for (const { opType } of nodes) counts.set(opType, (counts.get(opType) ?? 0) + 1);
  return [...counts].map(([opType, count]) => `${count} ${opType}`).join(' and ');
}
