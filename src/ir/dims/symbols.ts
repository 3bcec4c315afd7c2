/** The symbols that stand in dims, and dims as people read them. */
import { type Dim, dimText, equalDims, type SymbolName, symbol, Unknown } from './dims.js';
import type { DimRange } from './range.js';
import { substitute } from './substitute.js';

/** The names of the symbols in a dim, each once. */
export const symbolsOf = (dim: Dim): SymbolName[] => [...rangesIn([dim]).keys()];

/** The symbols in dims, by name, with the ranges of those that have one. */
export function rangesIn(dims: readonly Dim[]): ReadonlyMap<SymbolName, DimRange | undefined> {
  const found = new Map<SymbolName, DimRange | undefined>();
  const visit = (d: Dim): void => {
    if (typeof d === 'number') return;
    for (const { atoms } of d.terms)
      for (const a of atoms) {
        if (a.kind === 'symbol') found.set(a.name, found.get(a.name) ?? a.range);
        else [a.a, a.b].forEach(visit);
      }
  };
  dims.forEach(visit);
  return found;
}

/** The name of a dim that is one symbol. */
export const nameOf = (dim: Dim): SymbolName | undefined => symbolsOf(dim).find((name) => equalDims(dim, symbol(name)));

/** True where a symbol made by `unknownDim` takes part. */
export const isUnknown = (dim: Dim): boolean => symbolsOf(dim).some((name) => name instanceof Unknown);

/**
 * Text of dims in which unknowns are numbered as they appear: what is printed of a model does not depend on what was read
 * before it.
 */
export function numberedText(): (dim: Dim) => string {
  const numbered = new Map<SymbolName, Dim>();
  return (dim) => {
    const unknowns = symbolsOf(dim).filter((name) => name instanceof Unknown);
    for (const name of unknowns.sort((a, b) => a.number - b.number))
      if (!numbered.has(name)) numbered.set(name, symbol(new Unknown(numbered.size + 1)));
    return dimText(unknowns.length ? substitute(dim, numbered) : dim);
  };
}
