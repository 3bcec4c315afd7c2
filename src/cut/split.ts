/** Splits a model between its repeated blocks into a chain of models of about equal weight. */

import { inferTypes } from '../infer/index.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { readBy, readerIn } from '../ir/scopes/scopes.js';
import { expectModel } from '../ir/text/errors.js';
import { UsageError } from '../ir/text/usage-error.js';
import type { DataType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { checkModel } from '../ir/whole-model/check.js';
import { cloneModel } from '../ir/whole-model/clone.js';
import { type Chain, chainOf, distinctNames } from './chain.js';
import { cutOut, type NamedValue, namedOutputs } from './cut-out.js';
import { evenCuts, finestStages } from './stages.js';

/** The models that one was cut into, and the order in which they run. */
export interface SplitModel {
  readonly models: readonly Model[];
  readonly chain: Chain;
}

/** Element types that onnxruntime-node takes and gives. */
const exchanged: readonly (DataType | undefined)[] = [
  ...(['float32', 'float16', 'float64', 'bool', 'string'] as const),
  ...(['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'] as const),
];

/**
 * The model as `count` models that run one after another; `fileOf` names the file of each. Throws UsageError where there are too few blocks, or too few places
 * where all that goes through can be handed over.
 */
export function splitModel(
  model: Model,
  count: number,
  fileOf = (part: number) => `part-${part + 1}.onnx`,
): SplitModel {
  expectModel(model, 'splitModel');
  if (!Number.isSafeInteger(count) || count < 2)
    throw new UsageError(`blocks: expected a whole number of models, 2 or more; found ${count}`);
  const typed = cloneModel(model);
  inferTypes(typed);
  const { graph } = typed;
  const { of, bytes } = finestStages(graph);
  const last = lastReaders(graph, of);
  const isCut = (stage: number): boolean =>
    [...last].every(
      ([{ producer, elem }, reader]) =>
        !producer || stageOf(of, producer) > stage || reader <= stage || exchanged.includes(elem),
    );
  const cuts = evenCuts(bytes, count, isCut);
  if (cuts.length === 0) {
    const places = bytes.slice(1).filter((_, stage) => isCut(stage)).length;
    throw new UsageError(
      `--blocks ${count}: expected at most as many parts as there are places between repeated blocks to cut at, and one more; found ${places} such places. optimize inspect shows the blocks`,
    );
  }
  const partOf = (stage: number): number => cuts.findIndex((cut) => stage <= cut);
  const crossing = [...last].flatMap(([value, reader]) => {
    const given = value.producer && partOf(stageOf(of, value.producer));
    return given !== undefined && given < partOf(reader) ? [{ value, given, reader: partOf(reader) }] : [];
  });
  const names = distinctNames(
    graph,
    crossing.map(({ value }) => value),
  );
  const named = (value: Value): NamedValue => ({ name: names.get(value) as string, value });
  const outputs = namedOutputs(graph).map((output) => {
    const { producer } = output.value;
    return { ...output, part: producer ? partOf(stageOf(of, producer)) : 0 };
  });
  const models = cuts.map((_, part) => {
    const own = crossing.flatMap(({ value, given }) => (given === part && !value.isOutput ? [named(value)] : []));
    const results = outputs.filter((output) => output.part === part);
    const fed = crossing.flatMap(({ value, given }) =>
      given < part && isReadIn(value, part, of, partOf) ? [named(value)] : [],
    );
    const made = cutOut(typed, fed, [...results, ...own]);
    checkModel(made);
    return made;
  });
  return {
    models,
    chain: chainOf(
      models,
      crossing.map(({ value, given }) => ({ ...named(value), given })),
      outputs,
      fileOf,
    ),
  };
}

const stageOf = (of: ReadonlyMap<Node, number>, node: Node): number => of.get(node) as number;

/** Of each value that nodes compute and others read, the last stage that does. */
function lastReaders(graph: Graph, of: ReadonlyMap<Node, number>): Map<Value, number> {
  const last = new Map<Value, number>();
  for (const node of graph.nodes())
    for (const value of readBy(node))
      if (value.graph === graph && value.producer) last.set(value, Math.max(last.get(value) ?? 0, stageOf(of, node)));
  return last;
}

function isReadIn(
  value: Value,
  part: number,
  of: ReadonlyMap<Node, number>,
  partOf: (stage: number) => number,
): boolean {
  const { graph } = value;
  for (const { node } of value.uses) {
    const reader = readerIn(graph, node);
    if (reader && !reader.isEnd && partOf(stageOf(of, reader)) === part) return true;
  }
  return false;
}
