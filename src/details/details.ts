/** The details of a report: both graphs, and what each new node stands for. */
import type { InputShapes } from '../coverage/sized.js';
import type { Model } from '../ir/model.js';
import type { Target } from '../ir/targets/targets.js';
import type { PipelineResult, TracedRun } from '../run/pipeline/pipeline-result.js';
import type { NodeDetails } from '../run/report/details/readable.js';
import { sideOf } from './graph/side.js';
import { lineageOf } from './lineage/lineage.js';
import { pairedNodes, typedModel } from './typed.js';
import { weightsOf } from './weights.js';

/** `shapesOf`: known sizes for the inputs of a model; `left`: why weights stay float, by name. */
export function detailsOf(
  { model, verification }: PipelineResult,
  traced: TracedRun,
  target: Target,
  shapesOf: (model: Model) => InputShapes,
  left: ReadonlyMap<string, string>,
): NodeDetails {
  const [before, after] = [traced.start, model].map((one) => typedModel(one, shapesOf(one)));
  if (!before || !after) return {};
  const called = (of: Model, typed: typeof before) => {
    const nodes = pairedNodes(of, typed.model);
    return { of: (node: Parameters<typeof typed.names.of>[0]) => typed.names.of(nodes.get(node) ?? node) };
  };
  const names = { before: called(traced.start, before), after: called(model, after) };
  const graph = { before: sideOf(before, target), after: sideOf(after, target) };
  return {
    graph,
    weights: weightsOf(traced, model, left, graph.before),
    lineage: lineageOf(traced, model, names, verification.verdict),
  };
}
