/** Counts what a run of a model costs: work, memory of activations, and which providers have kernels for it. */
import { computedIn } from '../coverage/computed.js';
import { fittingChoice, type SizedModel } from '../coverage/sized.js';
import type { Model } from '../ir/model.js';
import { dependenciesOf } from '../ir/scopes/order.js';
import { type Accelerator, accelerators, HOST } from '../ir/targets/targets.js';
import { elementCount } from '../ir/tensors/tensor.js';
import { expectModel } from '../ir/text/errors.js';
import { byteLengthOf } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { numericShape } from '../ops/shapes.js';
import type { ModelCosts, ProviderFit } from '../report/inspect/inspection-costs.js';
import { sizesOf } from '../run/freeze.js';
import { placedNodes } from '../runtime/placed-nodes.js';
import { choicesOf, type GivenSizes } from './choices.js';

/**
 * Counts at the sizes given, and else at those that people run models at. The model stays as it is. Throws UsageError for dims and inputs that the
 * model does not have.
 */
export async function modelCosts(model: Model, sizes: GivenSizes = {}): Promise<ModelCosts> {
  expectModel(model, 'modelCosts');
  const { dims = {}, shapes = {} } = sizes;
  if (Object.keys(dims).length + Object.keys(shapes).length > 0) sizesOf(model, { dims, shapes });
  const { shapesOf, sized } = fittingChoice(model, await choicesOf(sizes));
  const { byType, notCounted } = computedIn(sized, HOST);
  return {
    sizes: Object.fromEntries([...shapesOf(model)].map(([name, shape]) => [name, [...shape]])),
    multiplyAdds: byType,
    notCounted,
    activations: activationsOf(sized),
    providers: accelerators.map((target) => fitOf(sized.model, target)),
  };
}

/** A value is alive from the node that gives it to the last that reads it, an output to the end. */
function activationsOf({ model: { graph } }: SizedModel): ModelCosts['activations'] {
  const nodes = graph.nodes();
  const last = new Map<Value, number>();
  for (const [step, node] of nodes.entries()) for (const value of dependenciesOf(node)) last.set(value, step);
  for (const value of graph.outputs) last.set(value, nodes.length);
  const ends = new Map<number, number>();
  const unknown = new Set<Value>();
  let alive = 0;
  const begin = (value: Value, step: number): void => {
    if (value.tensor) return;
    const bytes = bytesOf(value);
    if (bytes === undefined) unknown.add(value);
    alive += bytes ?? 0;
    const end = Math.max(last.get(value) ?? step, step);
    ends.set(end, (ends.get(end) ?? 0) + (bytes ?? 0));
  };
  for (const value of graph.inputs) begin(value, -1);
  let [peak, at] = [alive, graph.inputs[0]?.name ?? ''];
  const steps = nodes.map((node, step) => {
    for (const value of node.outputs) if (value) begin(value, step);
    const now = alive;
    if (now > peak) [peak, at] = [now, node.name || (node.outputs.find((value) => value)?.name ?? node.opType)];
    alive -= ends.get(step) ?? 0;
    return now;
  });
  return { peak, at, steps, unknown: unknown.size };
}

function bytesOf({ elem, shape }: Value): number | undefined {
  const sizes = numericShape(shape);
  return elem && elem !== 'string' && sizes ? byteLengthOf(elem, elementCount(sizes)) : undefined;
}

function fitOf(model: Model, provider: Accelerator): ProviderFit {
  const counts = { runs: 0, 'runs in part': 0, 'falls back': 0, unknown: 0, 'shape arithmetic': 0 };
  const without = new Map<string, number>();
  for (const { node, state } of placedNodes(model, provider)) {
    counts[state]++;
    const op = node.domain ? `${node.domain}.${node.opType}` : node.opType;
    if (state === 'falls back' || state === 'unknown') without.set(op, (without.get(op) ?? 0) + 1);
  }
  return {
    provider,
    runs: counts.runs,
    inPart: counts['runs in part'],
    fallsBack: counts['falls back'],
    unknown: counts.unknown,
    shapeArithmetic: counts['shape arithmetic'],
    without: [...without].sort(([, a], [, b]) => b - a).map(([op]) => op),
  };
}
