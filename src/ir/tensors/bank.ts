/**
 * Banks: where one block stands in for several instances, a constant that differs between them is a bank, a tensor of one
 * type and shape with one tensor per instance. What is derived from a bank is a bank, derived per instance when it is read.
 *
 * The numbers of a bank whose instances differ cannot be read by accident: `bytes` and `chunks` throw a Divergence. Ask
 * `uniformOf` for numbers that are everyone's, `agreed` for an answer that must be everyone's, and `derive` for the rest.
 */
import { maxOf } from '../collections/lists.js';
import { byteLengthOf, type DataType } from '../types.js';
import { derivedTensor, type PiecePlace, type Tensor } from './tensor.js';

/** Where a bank stands. */
export interface BankMark {
  /** Names the shortened run of instances that it belongs to. */
  readonly run: string;
  /** Which of the run's stand-ins reads it, in order of dependency: 1, 2, … */
  readonly standIn: number;
  /** Says that banks of two stand-ins play the same part. */
  readonly slot: string;
}

/**
 * Instances of a bank differ where one answer was needed, or numbers were read that are not everyone's. Without a mark: instances were edited
 * in different ways.
 */
export class Divergence extends Error {
  override readonly name = 'Divergence';
  constructor(
    readonly mark: BankMark | undefined,
    reason = 'it depends on numbers that differ between repeats',
  ) {
    super(reason);
  }
}

/** What a tensor with a mark knows; plain tensors know none of it. */
interface Bank extends Tensor {
  readonly mark: BankMark;
  readonly count: number;
  instance(index: number): Tensor;
  readonly uniform: Tensor | undefined;
}

abstract class AbstractBank implements Bank {
  readonly byteLength: number;
  constructor(
    readonly type: DataType,
    readonly shape: readonly number[],
    readonly mark: BankMark,
  ) {
    this.byteLength = byteLengthOf(
      type,
      shape.reduce((n, d) => n * d, 1),
    );
  }
  abstract readonly count: number;
  abstract instance(index: number): Tensor;
  abstract readonly uniform: Tensor | undefined;
  chunks(place?: PiecePlace): Iterable<Uint8Array> {
    return this.#everyones().chunks(place);
  }
  bytes(): Uint8Array {
    return this.#everyones().bytes();
  }
  get strings(): readonly Uint8Array[] | undefined {
    return this.type === 'string' ? this.#everyones().strings : undefined;
  }
  #everyones(): Tensor {
    if (!this.uniform) throw new Divergence(this.mark);
    return this.uniform;
  }
}

class StoredBank extends AbstractBank {
  #isUniform: boolean | undefined;
  constructor(
    readonly tensors: readonly Tensor[],
    mark: BankMark,
  ) {
    const [{ type, shape }] = tensors as readonly [Tensor];
    super(type, shape, mark);
  }
  get count(): number {
    return this.tensors.length;
  }
  instance(index: number): Tensor {
    return this.tensors[this.count === 1 ? 0 : index] as Tensor;
  }
  get uniform(): Tensor | undefined {
    this.#isUniform ??= this.tensors.every((one) => one === this.tensors[0]);
    return this.#isUniform ? this.tensors[0] : undefined;
  }
}

type Compute = (...sources: Tensor[]) => Iterable<Uint8Array>;

class DerivedBank extends AbstractBank {
  readonly #made = new Map<number, Tensor>();
  constructor(
    type: DataType,
    shape: readonly number[],
    readonly sources: readonly Tensor[],
    readonly compute: Compute,
    mark: BankMark,
    readonly count: number,
  ) {
    super(type, shape, mark);
  }
  instance(index: number): Tensor {
    const known = this.#made.get(index);
    if (known) return known;
    const sources = this.sources.map((one) => instanceOf(one, index));
    const made = derivedTensor(this.type, this.shape, () => this.compute(...sources));
    this.#made.set(index, made);
    return made;
  }
  get uniform(): Tensor | undefined {
    return this.sources.every((one) => uniformOf(one)) ? this.instance(0) : undefined;
  }
}

const asBank = (tensor: Tensor): Bank | undefined => (tensor instanceof AbstractBank ? tensor : undefined);

/** A bank of tensors of one type and shape, at least one. */
export const bankOf = (tensors: readonly Tensor[], mark: BankMark): Tensor => new StoredBank(tensors, mark);

/** Where a bank stands; undefined for a plain tensor. */
export const markOf = (tensor: Tensor): BankMark | undefined => asBank(tensor)?.mark;

/** How many instances a tensor stands for: 1 for a plain one. */
export const instanceCount = (tensor: Tensor): number => asBank(tensor)?.count ?? 1;

/** The tensor of one instance; a plain tensor is everyone's. */
export const instanceOf = (tensor: Tensor, index: number): Tensor => asBank(tensor)?.instance(index) ?? tensor;

/** The tensors of all instances. */
export const instancesOf = (tensor: Tensor): Tensor[] =>
  Array.from({ length: instanceCount(tensor) }, (_, index) => instanceOf(tensor, index));

/** The tensor that all instances have; undefined where they differ. A plain tensor is its own. */
export function uniformOf(tensor: Tensor): Tensor | undefined {
  const bank = asBank(tensor);
  return bank ? bank.uniform : tensor;
}

/** What a question answers of every instance. Throws Divergence where the answers differ: the instances are then no longer compiled as one. */
export function agreed<T>(tensor: Tensor, ask: (one: Tensor) => T): T {
  const bank = asBank(tensor);
  if (!bank) return ask(tensor);
  const uniform = bank.uniform;
  if (uniform) return ask(uniform);
  const answers = Array.from({ length: bank.count }, (_, index) => ask(bank.instance(index)));
  const texts = answers.map(textOf);
  if (texts.some((text) => text !== texts[0])) throw new Divergence(bank.mark);
  return answers[0] as T;
}

/** The largest number that is measured of an instance; of a plain tensor, its own. */
export const largestOf = (tensor: Tensor, measure: (one: Tensor) => number): number =>
  maxOf([...new Set(instancesOf(tensor))].map(measure));

const textOf = (answer: unknown): string =>
  typeof answer === 'object' ? JSON.stringify(answer) : Object.is(answer, -0) ? '-0' : String(answer);

/** The slot of what is made of banks of two stand-ins: it is nobody's. */
export const MIXED = 'mixed';

/** The mark of what is made of several tensors: that of the last stand-in among them; undefined where none is a bank. */
export function jointMark(sources: readonly Tensor[]): { readonly mark: BankMark; readonly count: number } | undefined {
  const banks = sources.flatMap((one) => asBank(one) ?? []);
  const last = banks.reduce<Bank | undefined>((a, b) => (a && a.mark.standIn >= b.mark.standIn ? a : b), undefined);
  if (!last) return undefined;
  // What two stand-ins make together plays no part in either.
  const isMixed = banks.some(({ mark }) => mark.standIn !== last.mark.standIn);
  const slot = isMixed ? MIXED : `(${sources.map((one) => markOf(one)?.slot ?? '').join()})`;
  return { mark: { ...last.mark, slot }, count: maxOf(banks.map(({ count }) => count)) };
}

/**
 * A tensor computed from others each time it is read. `compute` is handed the sources, and must read them alone: of a
 * bank, it is called with the tensors of one instance.
 */
export function derive(sources: readonly Tensor[], type: DataType, shape: readonly number[], compute: Compute): Tensor {
  const joint = jointMark(sources);
  if (!joint) return derivedTensor(type, shape, () => compute(...(sources as Tensor[])));
  const slot = joint.mark.slot === MIXED ? MIXED : `${type}[${shape}]${joint.mark.slot}`;
  const mark = { ...joint.mark, slot };
  return new DerivedBank(type, shape, sources, compute, mark, joint.count);
}
