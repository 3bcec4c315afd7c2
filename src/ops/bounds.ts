/** What a broadcast that succeeds says of symbols: a table cut to the length of a sequence was long enough for it. */
import {
  addDims,
  broadcastDims,
  type Dim,
  equalDims,
  type FunctionKind,
  floorDivide,
  isNonNegative,
  maxDim,
  minDim,
  multiplyDims,
  onlyAtom,
  operandsOf,
  rangedSymbol,
  subtractDims,
} from '../ir/dims/dims.js';
import type { PartialDim, PartialShape } from './call.js';

/** `dim` is at most `most`. */
interface Bound {
  readonly dim: Dim;
  readonly most: number;
}

/** min(c, x) beside x, c > 1: they broadcast only where x ≤ c. Shapes are aligned at their ends. */
export function boundsOf(a: PartialShape, b: PartialShape): Bound[] {
  const bounds: Bound[] = [];
  for (let axis = 1; axis <= Math.min(a.length, b.length); axis++) {
    const [x, y] = [a.at(-axis), b.at(-axis)];
    if (x === undefined || y === undefined) continue;
    for (const bound of [limitOf(x, y), limitOf(y, x)]) if (bound) bounds.push(bound);
  }
  return bounds;
}

/** c of min(c, x); x may be what the other dim is broadcast from. */
function limitOf(cut: Dim, other: Dim): Bound | undefined {
  const atom = onlyAtom(cut);
  if (atom?.kind !== 'min') return undefined;
  const [limit, dim] = typeof atom.a === 'number' ? [atom.a, atom.b] : [atom.b, atom.a];
  const isBeside = operandsOf(other).some((one) => equalDims(one, dim));
  return typeof limit === 'number' && limit > 1 && isBeside ? { dim, most: limit } : undefined;
}

/** The dim without minima that the bounds make needless: min(c, x) is x where x is at most c. */
export function within(dim: PartialDim, bounds: readonly Bound[]): PartialDim {
  if (dim === undefined || typeof dim === 'number' || bounds.length === 0 || !dim.text.includes('min(')) return dim;
  let result: Dim = 0;
  for (const { coefficient, atoms } of dim.terms) {
    let product: Dim = coefficient;
    for (const atom of atoms) {
      const factor =
        atom.kind === 'symbol' ? rangedSymbol(atom.name, atom.range) : apply(atom.kind, atom.a, atom.b, bounds);
      if (factor === undefined) return dim;
      product = multiplyDims(product, factor);
    }
    result = addDims(result, product);
  }
  return result;
}

function apply(kind: FunctionKind, a: Dim, b: Dim, bounds: readonly Bound[]): PartialDim {
  const [x, y] = [within(a, bounds), within(b, bounds)];
  if (x === undefined || y === undefined) return undefined;
  if (kind === 'floordiv') return floorDivide(x, y);
  if (kind === 'max') return maxDim(x, y);
  if (kind === 'broadcast') return broadcastDims(x, y);
  const [limit, rest] = typeof x === 'number' ? [x, y] : [y, x];
  const isShort = bounds.some(
    ({ dim, most }) => typeof limit === 'number' && most <= limit && isNonNegative(subtractDims(dim, rest)),
  );
  return isShort ? rest : minDim(x, y);
}
