/** The kernels of one target, in the form that passes ask for. */
import type { Model } from '../ir/model.js';
import type { PlacedNode } from '../ir/targets/placed-node.js';
import { architectureOf, isHost, providerOf, type TargetName } from '../ir/targets/targets.js';
import type { DataType } from '../ir/types.js';
import { unfit } from './forms/index.js';
import { useProbed } from './kernels/probe/kept.js';
import { hasKernel } from './kernels.js';
import { placedNodes } from './placed-nodes.js';

/** By the tables that every machine has, or, for what was probed on this one, by those. */
export async function kernelsOf(name: TargetName) {
  const target = providerOf(name);
  await useProbed();
  return {
    target,
    architecture: architectureOf(name),
    hasKernel: (opType: string, domain: string, opset: number, elem: DataType, made?: DataType): boolean =>
      hasKernel(target, opType, domain, opset, elem, made),
    placed: (model: Model): Iterable<PlacedNode> => (isHost(target) ? [] : placedNodes(model, target)),
    unfit,
  };
}
