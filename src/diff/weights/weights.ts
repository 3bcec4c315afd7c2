/** Which constant of one model is which of the other, and what became of its numbers. Weights are read in pieces, at most twice. */
import { appendTo } from '../../ir/collections/lists.js';
import { hashOfBeginning, isSameShape, isSameTensor } from '../../ir/tensors/same-tensor.js';
import type { Tensor } from '../../ir/tensors/tensor.js';
import type { Value } from '../../ir/value.js';
import type { ModelDiff } from '../../run/model-diff-schema.js';
import { type DiffSide, isWeight, tensorOf } from '../side.js';
import { numbersDiffer } from './numbers.js';
import { resembling } from './resembling.js';

type Weights = ModelDiff['weights'];
type Entry = Weights['list'][number];
type Stored = NonNullable<Entry['before']>;

/** Bytes of the beginning by which weights are told apart before they are read. */
const BEGINNING = 1 << 12;

export interface WeightPairs {
  /** What each constant of the model before is after: of the same name, of the same bytes, of a name that derives from its own, or of numbers like its own. */
  readonly pairs: ReadonlyMap<Value, Value>;
  readonly weights: Weights;
}

export function weightPairs(before: DiffSide, after: DiffSide): WeightPairs {
  const pairs = new Map<Value, Value>();
  const taken = new Set<Value>();
  const list: Entry[] = [];
  let same = 0;
  const rest: [string, Value][] = [];
  for (const [name, value] of before.constants) {
    const twin = after.constants.get(name);
    if (!twin) {
      rest.push([name, value]);
      continue;
    }
    pairs.set(value, twin);
    taken.add(twin);
    if (!isWeight(value) && !isWeight(twin)) continue;
    const found = entryOf(storedAs(name, value), storedAs(name, twin), value, twin);
    if (found) list.push(found);
    else same++;
  }
  const contents = byContent(after);
  const derived = derivedNames(before, after, taken);
  const twins = rest.map(([name, value]): [string, Value][] => {
    const tensor = tensorOf(value) as Tensor;
    const twin = contents.get(keyOf(tensor))?.find(([, other]) => isSameTensor(tensor, tensorOf(other) as Tensor));
    const own = twin ? [twin] : (derived.get(name) ?? []);
    for (const [, other] of own) taken.add(other);
    return own;
  });
  addResembling(rest, twins, after, taken);
  for (const [index, [name, value]] of rest.entries()) {
    const own = twins[index] as [string, Value][];
    const [first] = own;
    if (first) pairs.set(value, first[1]);
    if (!isWeight(value)) continue;
    const stored = storedAs(name, value);
    if (!first) list.push({ before: stored, state: 'removed' });
    else {
      const bytes = own.reduce((sum, [, other]) => sum + (tensorOf(other)?.byteLength ?? 0), 0);
      const found = entryOf(stored, { ...storedAs(...first), bytes }, value, first[1]);
      list.push(found ?? { before: stored, after: storedAs(...first), state: 'renamed' });
    }
  }
  for (const [name, value] of after.constants)
    if (!taken.has(value) && isWeight(value)) list.push({ after: storedAs(name, value), state: 'added' });
  const bytesOf = (entry: Entry): number => Math.max(entry.before?.bytes ?? 0, entry.after?.bytes ?? 0);
  return { pairs, weights: { same, list: list.sort((a, b) => bytesOf(b) - bytesOf(a)) } };
}

/** Of those that have none yet, the counterparts by their numbers. */
function addResembling(
  rest: readonly [string, Value][],
  twins: [string, Value][][],
  { constants }: DiffSide,
  taken: Set<Value>,
): void {
  const open = rest.flatMap(([, value], index) => (twins[index]?.length === 0 && isWeight(value) ? [index] : []));
  const free = [...constants].filter(([, value]) => isWeight(value) && !taken.has(value));
  const tensors = (list: readonly (readonly [string, Value])[]) => list.map(([, value]) => tensorOf(value) as Tensor);
  const found = resembling(tensors(open.map((index) => rest[index] as [string, Value])), tensors(free));
  for (const [at, other] of found) {
    const twin = free[other] as [string, Value];
    twins[open[at] as number] = [twin];
    taken.add(twin[1]);
  }
}

const storedAs = (name: string, value: Value): Stored => {
  const { type, shape, byteLength } = tensorOf(value) as Tensor;
  return { name, type, shape: [...shape], bytes: byteLength };
};

/** Undefined where both hold the same. */
function entryOf(before: Stored, after: Stored, value: Value, twin: Value): Entry | undefined {
  const [a, b] = [tensorOf(value) as Tensor, tensorOf(twin) as Tensor];
  if (isSameTensor(a, b)) return undefined;
  const state = a.type !== b.type ? 'other type' : isSameShape(a, b) ? 'changed' : 'other shape';
  return { before, after, state, ...numbersDiffer(a, b) };
}

const keyOf = (tensor: Tensor): string => `${tensor.type}[${tensor.shape}]${hashOfBeginning(tensor, BEGINNING)}`;

function byContent({ constants }: DiffSide): Map<string, [string, Value][]> {
  const found = new Map<string, [string, Value][]>();
  for (const entry of constants) appendTo(found, keyOf(tensorOf(entry[1]) as Tensor), entry);
  return found;
}

/** By the name of a constant before: those after whose names are its own and `_` with something behind it, the most bytes first. */
function derivedNames(before: DiffSide, after: DiffSide, taken: ReadonlySet<Value>): Map<string, [string, Value][]> {
  const found = new Map<string, [string, Value][]>();
  for (const [name, value] of after.constants)
    for (let at = name.lastIndexOf('_'); at > 0 && !taken.has(value); at = name.lastIndexOf('_', at - 1)) {
      const base = name.slice(0, at);
      if (!before.constants.has(base)) continue;
      appendTo(found, base, [name, value]);
      break;
    }
  const bytes = ([, value]: [string, Value]): number => tensorOf(value)?.byteLength ?? 0;
  for (const list of found.values()) list.sort((a, b) => bytes(b) - bytes(a));
  return found;
}
