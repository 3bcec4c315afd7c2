/** Every value of every scope of a model, with what is known of it. */
import type { Dim } from '../../ir/dims/dims.js';
import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import { bigintsOf, numbersOf } from '../../ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../ir/tensors/tensor.js';
import { isFloat, isInteger, type Type, typeText } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';

/** One value of one scope. */
export interface ValueInfo {
  /** `` for the main graph; a function, or the node and attribute that hold a body. */
  readonly scope: string;
  readonly name: string;
  readonly kind: 'input' | 'constant' | 'node';
  /** The op that computes it. */
  readonly op?: string;
  /** Name of the node that computes it, if it has one. */
  readonly node?: string;
  /** Element type of a tensor; null where unknown, and of sequences and the like. */
  readonly elem: string | null;
  /** Dims as text, symbols and expressions included; null where the rank is unknown. */
  readonly dims: readonly string[] | null;
  readonly type: string;
  /** What it always holds, numbers or symbols, row after row, where known: the first 64 elements. */
  readonly contents?: readonly string[];
  /** Elements that `contents` leaves out. */
  readonly omitted?: number;
}

/** What a value always holds, where that is known: whole numbers and dims. */
export type ContentsOf = (value: Value) => readonly Dim[] | undefined;

/** As many elements are listed of what a value holds. */
const MOST = 64;

export const valuesOf = (model: Model, contents: ContentsOf, dimText: (dim: Dim) => string): ValueInfo[] =>
  [...model.graphs()].flatMap((graph) => {
    const scope = scopeText(graph);
    return [...graph.values()].map((value) => valueInfo(value, scope, contents(value), dimText));
  });

/** Where a graph stands: `domain.function`, `node.attribute/`, one inside the other; nothing for the main graph. */
export function scopeText(graph: Graph): string {
  const { owner, model } = graph;
  if (!owner) {
    const called = model.functionWith(graph);
    return called ? `${called.domain}.${called.name}` : '';
  }
  const [attribute = ''] = [...owner.attributes].find(
    ([, { type, value }]: [string, { type: string; value?: unknown }]) =>
      (type === 'graph' && value === graph) || (type === 'graphs' && (value as Graph[]).includes(graph)),
  ) ?? [''];
  const outer = scopeText(owner.graph);
  const separator = outer === '' || outer.endsWith('/') ? '' : '/';
  return `${outer}${separator}${owner.label}.${attribute}/`;
}

function valueInfo(
  value: Value,
  scope: string,
  contents: readonly Dim[] | undefined,
  dimText: (dim: Dim) => string,
): ValueInfo {
  const { name, type, producer, tensor } = value;
  const held = contents?.slice(0, MOST).map(dimText) ?? (tensor && constantText(tensor));
  const omitted = held && contents ? contents.length - held.length : 0;
  return {
    scope,
    name,
    kind: producer ? 'node' : tensor ? 'constant' : 'input',
    ...(producer && {
      op: producer.domain ? `${producer.domain}.${producer.opType}` : producer.opType,
      ...(producer.name && { node: producer.name }),
    }),
    elem: elemOf(type),
    dims: value.shape?.map(dimText) ?? null,
    type: typeText(type, dimText),
    ...(held && { contents: held }),
    ...(omitted > 0 && { omitted }),
  };
}

const elemOf = (type: Type | undefined): string | null =>
  type?.kind === 'tensor' || type?.kind === 'sparse' ? type.elem : null;

/** The elements of a short constant; weights are not read. */
function constantText(tensor: Tensor): string[] | undefined {
  if (elementCount(tensor.shape) > MOST) return undefined;
  if (tensor.strings) return tensor.strings.map((bytes) => new TextDecoder().decode(bytes));
  if (isInteger(tensor.type) || tensor.type === 'bool') return bigintsOf(tensor).map(String);
  return isFloat(tensor.type) ? [...numbersOf(tensor)].map((n) => floatText(n, tensor.type)) : undefined;
}

/** The shortest text of about as many digits as the type holds. */
const floatText = (n: number, type: string): string =>
  type === 'float64' ? String(n) : String(Number(n.toPrecision(8)));
