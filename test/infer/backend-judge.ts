/** Compares the inferred facts of a node test's outputs with the expected outputs. */
import { type Facts, inferTypes } from '../../src/infer/index.js';
import { type Dim, dimText, type SymbolName, symbol } from '../../src/ir/dims/dims.js';
import { substitute } from '../../src/ir/dims/substitute.js';
import { isUnknown } from '../../src/ir/dims/symbols.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import { type DataType, type Type, tensorType, typeText } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { readModel } from '../../src/onnx/read.js';
import type { BackendCase, Observed, ObservedTensor } from './backend-cases.js';

/**
 * How a case is inferred: `given` as the file says; `symbolic` with a symbol for every dim of its inputs; `held` and
 * `heldSymbolic` likewise, small inputs being constants: what a Reshape or a Range reads is then known.
 */
export const ways = ['given', 'symbolic', 'held', 'heldSymbolic'] as const;
export type Way = (typeof ways)[number];

export interface Result {
  readonly name: string;
  /** The operators of the main graph with the version of their set. */
  readonly ops: string;
  /** Claims that do not hold, in words. */
  readonly wrong: readonly string[];
  /** Dims of tensor outputs; those that are a number or an expression over the inputs' symbols, by way. */
  readonly dims: number;
  readonly known: Readonly<Record<Way, number>>;
}

export async function judge(one: BackendCase): Promise<Result> {
  const wrong: string[] = [];
  const known = { given: 0, symbolic: 0, held: 0, heldSymbolic: 0 };
  let ops = '';
  for (const way of ways) {
    const model = await readModel(one.model);
    ops ||= opsOf(model);
    const bindings = prepare(model, one, way);
    const facts = inferTypes(model);
    for (const [index, observed] of one.outputs.entries()) {
      const value = model.graph.outputs[index] as Value;
      const place = `${way}: output ${index}`;
      for (const text of mistakes(value.type, observed, bindings)) wrong.push(`${place}: ${text}`);
      if (!('elem' in observed)) continue;
      wrong.push(...contentMistakes(facts, value, observed, bindings).map((text) => `${place}: ${text}`));
      if (value.shape) known[way] += value.shape.filter((dim) => !isUnknown(dim)).length;
    }
    wrong.push(...untyped(model).map((text) => `${way}: no type: ${text}`));
  }
  const dims = one.outputs.reduce((n, observed) => n + ('elem' in observed ? observed.shape.length : 0), 0);
  return { name: one.name, ops, wrong, dims, known };
}

const opsOf = (model: Model): string => {
  const names = new Set(
    model.graph.nodes().map(({ domain, opType, opset }) => `${domain && `${domain}.`}${opType} ${opset}`),
  );
  return [...names].join(', ');
};

/** Turns a model's inputs into symbols and constants; the sizes that the symbols then have. */
function prepare({ graph }: Model, one: BackendCase, way: Way): Map<SymbolName, Dim> {
  const bindings = new Map<SymbolName, Dim>();
  graph.inputs.forEach((value, index) => {
    const observed = one.inputs[index];
    if (!observed || !('elem' in observed) || value.type?.kind !== 'tensor') return;
    const { elem, shape, numbers } = observed;
    if (way.startsWith('held') && numbers) {
      graph.replaceUses(value, graph.constant(tensorOf(elem as DataType, numbers, shape), value.name));
      return;
    }
    const isSymbolic = way === 'symbolic' || way === 'heldSymbolic';
    value.shape?.forEach((dim, axis) => {
      if (typeof dim !== 'number') bindings.set(dimText(dim), shape[axis] as number);
    });
    if (!isSymbolic) return;
    const names = shape.map((_, axis) => `i${index}_${axis}`);
    names.forEach((name, axis) => {
      bindings.set(name, shape[axis] as number);
    });
    value.type = tensorType(value.type.elem, names.map(symbol));
  });
  return bindings;
}

/** What is wrong with a claim. Symbols that no input has are one size wherever they stand. */
function* mistakes(type: Type | undefined, observed: Observed, bindings: Map<SymbolName, Dim>): Iterable<string> {
  if (!type) return;
  const label = `${typeText(type)}, but it is ${JSON.stringify(observed).slice(0, 120)}`;
  if ('sequence' in observed) {
    if (type.kind !== 'sequence') yield label;
    // Elements may differ in what is unknown.
    else for (const inner of observed.sequence) yield* mistakes(type.elem, inner, new Map(bindings));
  } else if ('optional' in observed) {
    if (type.kind !== 'optional') yield label;
    else if (observed.optional) yield* mistakes(type.elem, observed.optional, bindings);
  } else {
    if (type.kind !== 'tensor' || type.elem !== observed.elem) return yield label;
    if (type.shape && type.shape.length !== observed.shape.length) return yield label;
    for (const [axis, dim] of type.shape?.entries() ?? []) {
      const claim = substitute(dim, bindings);
      const size = observed.shape[axis] as number;
      if (typeof claim === 'number' ? claim !== size : (bindings.get(dimText(claim)) ?? size) !== size)
        yield `${label}, axis ${axis}: ${dimText(claim)}`;
      if (typeof claim !== 'number') bindings.set(dimText(claim), size);
    }
  }
}

function contentMistakes(
  facts: Facts,
  value: Value,
  { numbers }: ObservedTensor,
  bindings: ReadonlyMap<SymbolName, Dim>,
): string[] {
  const contents = facts.contents(value)?.map((dim) => substitute(dim, bindings));
  const isWrong = contents?.some((claim, at) => typeof claim === 'number' && numbers && claim !== numbers[at]);
  return isWrong ? [`contents ${contents?.map(dimText)}, but it holds ${numbers}`] : [];
}

/** Values of any scope without an element type. */
function untyped(model: Model): string[] {
  const found: string[] = [];
  const visit = (graph: Graph): void => {
    for (const node of graph.nodes())
      for (const value of node.outputs) if (value && !value.type) found.push(`${node.label} (${node.opType})`);
  };
  for (const graph of model.graphs()) visit(graph);
  return found;
}

export const sumOf = (results: readonly Result[], way: Way): number =>
  results.reduce((n, { known }) => n + known[way], 0);

/** The results as a table, one case a line; totals first. */
export function listOf(results: readonly Result[]): string {
  const dims = results.reduce((n, result) => n + result.dims, 0);
  const agreeing = results.filter(({ wrong }) => wrong.length === 0).length;
  const rows = [
    ['case', 'verdict', 'output dims', ...ways, 'operators and opset'],
    [`${results.length} cases`, `${agreeing} agree`, dims, ...ways.map((way) => sumOf(results, way)), ''],
    ...results.map(({ name, ops, wrong, dims, known }) => [
      name,
      wrong.join('; ') || 'agrees',
      dims,
      ...ways.map((way) => known[way]),
      ops,
    ]),
  ];
  return `${rows.map((row) => row.join('\t')).join('\n')}\n`;
}
