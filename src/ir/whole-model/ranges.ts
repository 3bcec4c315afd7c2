/** Ranges of the symbolic dims of a model's inputs. Its metadata states them, and the symbols in the types of its inputs have them. */

import { named, under } from '../collections/named.js';
import { type Dim, rangedSymbol, type SymbolName } from '../dims/dims.js';
import { type DimRange, isRange, rangeText, readDimSize } from '../dims/range.js';
import { substitute } from '../dims/substitute.js';
import { symbolsOf } from '../dims/symbols.js';
import type { Model } from '../model.js';
import { UsageError } from '../text/usage-error.js';
import { type Type, tensorType } from '../types.js';
import { noteIn, setNote } from './notes.js';

export type Ranges = Readonly<Record<string, DimRange>>;

/** The metadata key; its value is JSON, ranges as text by the name of the dim. */
const RANGES_KEY = 'onnx-passes.dims';

/** What the model states of dims that its inputs still have. What is no range says nothing. */
export function rangesOf(model: Model): Ranges {
  const note = noteIn(model, RANGES_KEY);
  if (typeof note !== 'object' || note === null) return {};
  const names = dimNames(model);
  return named(
    Object.entries(note).flatMap(([name, range]) => {
      const size = names.includes(name) ? sizeIn(range) : undefined;
      return isRange(size) ? [[name, size]] : [];
    }),
  );
}

/** `past + 1` is a name whose parts can be given as well. */
export const partsOf = (name: string): readonly string[] => name.split('+').map((part) => part.trim());

/** The names of the symbols in the shapes of the inputs. */
export function inputSymbols({ graph }: Model): readonly string[] {
  const dims = graph.inputs.flatMap(({ type }) => (type?.kind === 'tensor' ? (type.shape ?? []) : []));
  return [...new Set(dims.flatMap(symbolsOf))].filter((name) => typeof name === 'string');
}

/** The names of the dims that the inputs leave open, and of the parts of those that are sums. */
export const dimNames = (model: Model): readonly string[] =>
  [...new Set(inputSymbols(model).flatMap((name) => [name, ...partsOf(name)]))].filter((name) => !/^\d+$/.test(name));

function sizeIn(range: unknown) {
  try {
    return readDimSize(String(range));
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** States these ranges and no others, and gives them to the symbols in the types of inputs. Changes nothing where that is so already. */
export function setRanges(model: Model, ranges: Ranges): void {
  const texts = Object.entries(ranges).map(([name, range]) => [name, rangeText(range)] as const);
  setNote(model, RANGES_KEY, texts.length > 0 ? named(texts) : undefined);
  giveRanges(model, ranges);
}

/** Gives the symbols in the types of inputs the ranges that the model states; returns the types that were replaced, each with the one before. */
export function giveRanges(model: Model, ranges: Ranges = rangesOf(model)): (readonly [type: Type, before: Type])[] {
  const names = Object.keys(ranges);
  if (names.length === 0) return [];
  const replaced: [Type, Type][] = [];
  const symbols = new Map<SymbolName, Dim>(names.map((name) => [name, rangedSymbol(name, under(ranges, name))]));
  for (const input of model.graph.inputs) {
    const { type } = input;
    if (type?.kind !== 'tensor' || !type.shape?.some((dim) => symbolsOf(dim).some((name) => symbols.has(name))))
      continue;
    const ranged = tensorType(
      type.elem,
      type.shape.map((dim) => substitute(dim, symbols)),
    );
    input.type = ranged;
    replaced.push([ranged, type]);
  }
  return replaced;
}
