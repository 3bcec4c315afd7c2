/** Sizes in place of symbolic dims, and ranges of those that stay: what the settings `dims` and `shapes` ask of a model's inputs. */

import { named, under } from '../ir/collections/named.js';
import { type Dim, dimText, type SymbolName } from '../ir/dims/dims.js';
import { type DimSize, isRange, isWithin, rangeText, sizeText } from '../ir/dims/range.js';
import { substitute } from '../ir/dims/substitute.js';
import { nameOf } from '../ir/dims/symbols.js';
import type { Model } from '../ir/model.js';
import { UsageError, unknownText } from '../ir/text/usage-error.js';
import { type Shape, tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { dimNames, inputSymbols, partsOf, type Ranges, rangesOf, setRanges } from '../ir/whole-model/ranges.js';

/** Sizes of symbolic dims or their ranges, and whole shapes of inputs, by name. */
export interface FixedSizes {
  readonly dims?: Readonly<Record<string, DimSize>>;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

const shapeOf = (input: Value): Shape | undefined => (input.type?.kind === 'tensor' ? input.type.shape : undefined);

/** What the symbols of the inputs stand for, as far as it is asked for, and who asked. */
class Bindings {
  readonly sizes = new Map<SymbolName, number>();
  readonly #askers = new Map<SymbolName, string>();

  bind(name: SymbolName, size: number, asker: string): void {
    const before = this.sizes.get(name);
    if (before !== undefined && before !== size)
      throw new UsageError(
        `dim "${String(name)}": expected one size; found ${before} (${this.#askers.get(name)}) and ${size} (${asker})`,
      );
    this.sizes.set(name, size);
    this.#askers.set(name, asker);
  }

  /** Who asked for the size of a symbol that has one. */
  asker(name: SymbolName): string | undefined {
    return this.#askers.get(name);
  }

  /** The sum that a name says, where every part of it is known. */
  sum(name: string): number | undefined {
    const parts = partsOf(name).map((part) => (/^\d+$/.test(part) ? Number(part) : this.sizes.get(part)));
    return parts.length > 1 && parts.every((part) => part !== undefined)
      ? parts.reduce((total, part) => total + part, 0)
      : undefined;
  }
}

/** The ranges among sizes of dims. */
export const rangesAmong = (dims: FixedSizes['dims'] = {}): Ranges =>
  named(Object.entries(dims).flatMap(([name, size]) => (isRange(size) ? [[name, size] as const] : [])));

/**
 * The sizes of the symbols in the inputs' shapes. Throws UsageError for a dim that no input has, an input that the model
 * does not have, a shape that the model or a range excludes, and two sizes, or a size and a range, for one dim.
 */
export function sizesOf(model: Model, { dims = {}, shapes = {} }: FixedSizes): ReadonlyMap<SymbolName, number> {
  const { inputs } = model.graph;
  const known = dimNames(model);
  const bindings = new Bindings();
  const stateds = rangesOf(model);
  for (const [name, size] of Object.entries(dims)) {
    if (!known.includes(name)) throw new UsageError(unknownText('dim', name, known) + batchHint(model, name));
    const stated = under(stateds, name);
    if (stated && !isWithin(size, stated))
      throw new UsageError(
        `dim "${name}": expected sizes of ${rangeText(stated)}, for which the model was made; found ${sizeText(size)}`,
      );
    if (!isRange(size)) bindings.bind(name, size, 'given as a dim');
  }
  for (const [name, given] of Object.entries(shapes)) {
    const input = inputs.find((value) => value.name === name);
    const listed = inputs.map((value) => value.name).join(', ') || 'none';
    if (!input) throw new UsageError(`shape of "${name}": expected an input of the model; found ${listed}`);
    bindShape(input, given, bindings);
  }
  for (const name of inputSymbols(model)) {
    const sum = bindings.sum(name);
    if (sum !== undefined) bindings.bind(name, sum, 'the sum of its parts');
  }
  for (const [name, range] of Object.entries({ ...stateds, ...rangesAmong(dims) })) {
    const size = bindings.sizes.get(name);
    if (size !== undefined && !isWithin(size, range))
      throw new UsageError(`dim "${name}": expected a size of ${rangeText(range)}; found ${size}`);
  }
  for (const [name, range] of Object.entries(rangesAmong(dims)))
    if (bindings.sizes.has(name))
      throw new UsageError(
        `dim "${name}": expected a size or a range; found ${rangeText(range)} (given as a dim) and ${bindings.sizes.get(name)} (${bindings.asker(name)})`,
      );
  return bindings.sizes;
}

/** Where the file fixes the batch, what opens it. */
const batchHint = ({ graph }: Model, name: string): string =>
  name === 'batch' && graph.inputs.some((input) => shapeOf(input)?.[0] === 1)
    ? '. The file fixes the batch at 1: --dim batch=N makes it symbolic and calls it N'
    : '';

function bindShape(input: Value, given: readonly number[], bindings: Bindings): void {
  const shape = shapeOf(input);
  const place = `shape of "${input.name}"`;
  if (!shape) return;
  if (shape.length !== given.length)
    throw new UsageError(`${place}: expected ${shape.length} dims; found [${given.join(', ')}]`);
  shape.forEach((dim, axis) => {
    const size = given[axis] as number;
    if (typeof dim === 'number' && dim !== size)
      throw new UsageError(`${place}: expected ${dim} at axis ${axis}, which the model fixes; found ${size}`);
    const name = nameOf(dim);
    if (name !== undefined) bindings.bind(name, size, place);
  });
}

/** The shape with the sizes in it: as given for this input, or its symbols replaced. */
export function frozenShape(
  input: Value,
  { shapes = {} }: FixedSizes,
  sizes: ReadonlyMap<SymbolName, Dim>,
): Shape | undefined {
  return under(shapes, input.name) ?? shapeOf(input)?.map((dim) => substitute(dim, sizes));
}

/** Declares the sizes on the inputs, and the ranges, in place; dims that are not open any more are no matter. Gives what became of each input and dim. */
export function freezeInputs(model: Model, { dims = {}, shapes = {} }: FixedSizes): string[] {
  const open = dimNames(model);
  const asked = { dims: Object.fromEntries(Object.entries(dims).filter(([name]) => open.includes(name))), shapes };
  const sizes = sizesOf(model, asked);
  const stated = rangesOf(model);
  const ranges = named(Object.entries({ ...stated, ...rangesAmong(asked.dims) }).filter(([name]) => !sizes.has(name)));
  const notes = model.graph.inputs.flatMap((input) => {
    const shape = frozenShape(input, asked, sizes);
    if (input.type?.kind !== 'tensor' || !shape) return [];
    const [before, after] = [shapeOf(input)?.map(dimText).join(', '), shape.map(dimText).join(', ')];
    if (before === after) return [];
    input.type = tensorType(input.type.elem, shape);
    return [`"${input.name}" is [${after}]${before === undefined ? '' : `, was [${before}]`}`];
  });
  setRanges(model, ranges);
  const told = Object.entries(ranges).filter(([name, range]) => {
    const before = under(stated, name);
    return !before || rangeText(before) !== rangeText(range);
  });
  return [...notes, ...told.map(([name, range]) => `"${name}" stays symbolic, with sizes of ${rangeText(range)}`)];
}
