/**
 * Reports on a target that this machine does not have. A GPU in software places nodes as a real one does; its numbers
 * are shown but decide nothing. Without any device, the kernel tables tell the placement.
 */

import { inferTypes } from '../infer/index.js';
import { cloneModel } from '../ir/clone.js';
import type { Model } from '../ir/model.js';
import { named } from '../ir/named.js';
import type { Node } from '../ir/node.js';
import type { Accelerator } from '../ir/targets.js';
import { elementCount } from '../ir/tensor.js';
import { type DataType, isFloat } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { type Provider, RuntimeError } from '../runtime/isolate.js';
import { kernelState } from '../runtime/kernels.js';
import { softwareDevice } from '../runtime/providers.js';
import { compareWith } from './compare.js';
import { gateOf, violations } from './judge/gates.js';
import { isSmallWhole, measurePlacement, type PlacementReport } from './placement.js';
import type { Reference } from './reference.js';
import type { ComparedModel } from './sides/compared-model.js';

export interface Elsewhere {
  readonly placement: PlacementReport | undefined;
  readonly warnings: readonly string[];
}

/** The placement and accuracy on a software device; without one, the placement by the tables. */
export async function elsewhere(
  reference: Reference,
  result: ComparedModel,
  target: Accelerator,
  fidelity: Parameters<typeof gateOf>[0],
): Promise<Elsewhere> {
  const [first] = reference.runs;
  const device = await softwareDevice(target);
  if (device === undefined || !first) return { placement: placementByTables(result.model, target), warnings: [] };
  const prepared = await result.prepared();
  try {
    const placement = await measurePlacement(result.runtime, prepared.source, target, first.feeds.tensors);
    const found = await compareWith({ ...reference, runs: [first] }, result.runtime, prepared, target, 'plain');
    const gate = gateOf(fidelity, target);
    const texts = [
      ...(found?.failures ?? []).map(({ text }) => text),
      ...(found?.evidence ?? []).flatMap(({ output }) =>
        violations(output, gate).map((text) => `"${output.name}": ${text}`),
      ),
    ];
    const warnings = texts
      .slice(0, 3)
      .map((text) => `on ${target} in software (${device}), which decides nothing: ${text}`);
    return { placement, warnings };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const warnings = [`on ${target} in software (${device}), which decides nothing: ${error.message}`];
    return { placement: placementByTables(result.model, target), warnings };
  }
}

/**
 * The nodes that a target has no kernel for, by the tables. Shape arithmetic is not among them: the runtime keeps it on
 * the CPU on purpose.
 */
export function placementByTables(model: Model, target: Accelerator): PlacementReport {
  const typed = cloneModel(model);
  inferTypes(typed);
  const fallbacks = named<number>();
  const names: string[] = [];
  let [placed, shapeArithmetic] = [0, 0];
  for (const graph of typed.graphs()) {
    if (graph.isInFunction) continue;
    for (const node of graph.nodeSet) {
      if (isShapeArithmetic(node)) shapeArithmetic++;
      else if (isPlaced(node, target)) placed++;
      else {
        fallbacks[node.opType] = (fallbacks[node.opType] ?? 0) + 1;
        names.push(node.name);
      }
    }
  }
  const nodes = { [target]: placed, cpu: names.length + shapeArithmetic };
  return { provider: target, source: 'tables', nodes, fallbacks, names, shapeArithmetic, copies: 0 };
}

const valuesOf = (node: Node): Value[] => [...node.inputs, ...node.outputs].filter((value) => value !== undefined);

function isPlaced(node: Node, target: Provider): boolean {
  // Nodes with bodies are no kernels; the nodes inside them are asked about one by one. A call is asked about where it
  // is inlined.
  if (node.bodies.length > 0 || node.graph.model.functionOf(node)) return true;
  const elem = kernelType(node);
  if (elem === undefined) return true;
  const state = kernelState(target, node.opType, node.domain, node.opset ?? 1, elem, variantOf(node));
  return state === 'yes' || state === 'some';
}

/** The type that the tables know a node by: that of its float operands, else of the first that has one. */
function kernelType(node: Node): DataType | undefined {
  const inputs = node.inputs.filter((value) => value !== undefined);
  const values = inputs.some((value) => value.elem) ? inputs : valuesOf(node);
  return (values.find((value) => isFloat(value.elem)) ?? values.find((value) => value.elem))?.elem;
}

const variantOf = (node: Node): string | undefined => (node.is('Cast') ? node.output.elem : node.string('approximate'));

const isShapeArithmetic = (node: Node): boolean => {
  const isSmall = ({ elem, shape }: Value): boolean => {
    const sizes = shape?.map(Number);
    return (
      elem !== undefined && sizes !== undefined && isSmallWhole(elem, elementCount(sizes.map((size) => size || 1)))
    );
  };
  const outputs = node.outputs.filter((value) => value !== undefined);
  return (
    outputs.length > 0 &&
    outputs.every(isSmall) &&
    (node.is('Shape') || node.is('Size') || valuesOf(node).every(isSmall))
  );
};
