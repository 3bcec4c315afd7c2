/** The details of a report: both graphs, and what each new node stands for. */
import type { InputShapes } from '../coverage/sized.js';
import type { Model } from '../ir/model.js';
import type { Target } from '../ir/targets/targets.js';
import type { PipelineResult, TracedRun } from '../run/pipeline/pipeline-result.js';
import type { Report } from '../run/report/report.js';
import { sideOf } from './graph/side.js';
import { lineageOf } from './lineage/lineage.js';
import { pairedNodes, typedModel } from './typed.js';

export type Details = Pick<Report, 'graph' | 'lineage'>;

/** `shapesOf`: known sizes for the inputs of a model. */
export function detailsOf(
  { model, verification }: PipelineResult,
  traced: TracedRun,
  target: Target,
  shapesOf: (model: Model) => InputShapes,
): Details {
  const [before, after] = [traced.start, model].map((one) => typedModel(one, shapesOf(one)));
  if (!before || !after) return {};
  const called = (of: Model, typed: typeof before) => {
    const nodes = pairedNodes(of, typed.model);
    return { of: (node: Parameters<typeof typed.names.of>[0]) => typed.names.of(nodes.get(node) ?? node) };
  };
  const names = { before: called(traced.start, before), after: called(model, after) };
  return {
    graph: { before: sideOf(before, target), after: sideOf(after, target) },
    lineage: lineageOf(traced, model, names, verification.verdict),
  };
}
