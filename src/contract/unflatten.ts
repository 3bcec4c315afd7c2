/** What a flattened model gives ⟶ what the original gave: lists, maps, optionals. */
import { under } from '../ir/collections/named.js';
import type { Structure, Structures } from './structure.js';

/** A tensor as onnxruntime gives it: what is read of it here. */
export interface TensorLike {
  readonly type: string;
  readonly dims: readonly number[];
  /** A typed array, or an array of strings. */
  readonly data: ArrayLike<unknown>;
}

/** Class labels are strings, or bigints as the elements of an int64 tensor are; the numbers are what the tensor's data holds. */
export type LabelMap = Map<string | bigint, unknown>;

/** An output as it was: a tensor, or an element of one; a list; a dict; null for an optional that is not there. */
export type Unflattened<T extends TensorLike = TensorLike> =
  | T
  | TensorLike
  | LabelMap
  | null
  | readonly Unflattened<T>[]
  | { readonly [name: string]: Unflattened<T> };

/**
 * The outputs by their original names and in their original form. `Outputs` is the interface of that name in the model's declarations.
 * Elements of stacked sequences are views of the results' data, not copies. Throws TypeError where the results are another model's: a port is missing,
 * is not in the contract, or has another type there. A contract that was imported as JSON, whose types TypeScript knows as text alone, will do.
 */
export function unflatten<Outputs = Record<string, Unflattened>>(
  results: Readonly<Record<string, TensorLike>>,
  contract: {
    readonly structure: { readonly outputs: Readonly<Record<string, unknown>> };
    readonly outputs?: readonly { readonly name: string; readonly type: string }[];
  },
): Outputs {
  if (contract.outputs) expectPorts(results, contract.outputs);
  const outputs = contract.structure.outputs as Structures;
  return Object.fromEntries(Object.entries(outputs).map(([name, one]) => [name, restore(one, results)])) as Outputs;
}

/** Throws TypeError for results that no run of the contract's model gives. */
function expectPorts(
  results: Readonly<Record<string, TensorLike>>,
  ports: readonly { readonly name: string; readonly type: string }[],
): void {
  const types = new Map(ports.map(({ name, type }) => [name, type]));
  for (const [name, { type }] of Object.entries(results)) {
    const expected = types.get(name);
    if (expected === type || expected === 'unknown') continue;
    const port =
      expected === undefined ? `one of the outputs ${[...types.keys()].join(', ')}` : `${expected} in "${name}"`;
    throw new TypeError(
      `unflatten: expected ${port}; found ${expected === undefined ? `"${name}"` : type}. The contract is another model's: take the one that was written with it`,
    );
  }
}

function restore(structure: Structure, results: Readonly<Record<string, TensorLike>>): Unflattened {
  const port = (name: string): TensorLike => {
    const tensor = under(results, name);
    if (!tensor)
      throw new TypeError(`unflatten: expected an output "${name}"; found ${Object.keys(results).join(', ')}`);
    return tensor;
  };
  switch (structure.kind) {
    case 'tensor':
      return port(structure.port);
    case 'list':
      return structure.items.map((item) => restore(item, results));
    case 'dict':
      return Object.fromEntries(Object.entries(structure.entries).map(([key, one]) => [key, restore(one, results)]));
    case 'absent':
      return null;
    case 'optional':
      return port(structure.present).data[0] ? restore(structure.value, results) : null;
    case 'stack':
      return slices(port(structure.port));
    case 'packed':
      return unpacked(
        port(structure.port),
        port(structure.shapes),
        structure.ranks === undefined ? undefined : port(structure.ranks),
      );
    case 'maps':
      return maps(port(structure.port), structure.keys, structure.labels);
    default:
      throw new TypeError(`unflatten: expected a structure of a contract; found ${JSON.stringify(structure)}`);
  }
}

const sizeOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** Elements `from` on, as a view where the data is a typed array. */
function part({ type, data }: TensorLike, dims: readonly number[], from: number): TensorLike {
  const end = from + sizeOf(dims);
  const array = data as { subarray?(from: number, end: number): ArrayLike<unknown> };
  return { type, dims, data: array.subarray?.(from, end) ?? Array.prototype.slice.call(data, from, end) };
}

function slices(tensor: TensorLike): TensorLike[] {
  const [count = 0, ...dims] = tensor.dims;
  return Array.from({ length: count }, (_, index) => part(tensor, dims, index * sizeOf(dims)));
}

function unpacked(tensor: TensorLike, shapes: TensorLike, ranks: TensorLike | undefined): TensorLike[] {
  const [count = 0, rank = 0] = ranks ? ranks.dims : shapes.dims;
  const all = Array.from(shapes.data, Number);
  let [from, at] = [0, 0];
  return Array.from({ length: count }, (_, index) => {
    const end = at + (ranks ? Number(ranks.data[index]) : rank);
    const dims = all.slice(at, end);
    const element = part(tensor, dims, from);
    from += sizeOf(dims);
    at = end;
    return element;
  });
}

/** A map for each row. A tensor of one axis is one row. */
function maps(tensor: TensorLike, keys: 'int64' | 'string', labels: readonly (number | string)[]): LabelMap[] {
  const rows = tensor.dims.length > 1 ? (tensor.dims[0] ?? 0) : 1;
  const names = labels.map((label) => (keys === 'int64' ? BigInt(label) : String(label)));
  return Array.from(
    { length: rows },
    (_, row) => new Map(names.map((name, column) => [name, tensor.data[row * names.length + column]])),
  );
}
