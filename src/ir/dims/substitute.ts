/** Dims with their symbols replaced: by numbers, or by other dims. */
import {
  addDims,
  broadcastDims,
  type Dim,
  dimText,
  type FunctionKind,
  floorDivide,
  maxDim,
  minDim,
  multiplyDims,
  rangedSymbol,
  type SymbolName,
} from './dims.js';

/** The dim with symbols replaced; symbols not in `bindings` stay. */
export function substitute(dim: Dim, bindings: ReadonlyMap<SymbolName, Dim>): Dim {
  if (typeof dim === 'number') return dim;
  return dim.terms.reduce<Dim>((sum, term) => {
    const product = term.atoms.reduce<Dim>((value, a) => {
      if (a.kind === 'symbol') return multiplyDims(value, bindings.get(a.name) ?? rangedSymbol(a.name, a.range));
      const [x, y] = [substitute(a.a, bindings), substitute(a.b, bindings)];
      return multiplyDims(value, apply(a.kind, x, y));
    }, term.coefficient);
    return addDims(sum, product);
  }, 0);
}

function apply(kind: FunctionKind, a: Dim, b: Dim): Dim {
  if (kind === 'floordiv') return floorDivide(a, b);
  if (kind === 'min') return minDim(a, b);
  if (kind === 'max') return maxDim(a, b);
  const result = broadcastDims(a, b);
  if (result === undefined) throw new RangeError(`dims: ${dimText(a)} and ${dimText(b)} do not broadcast`);
  return result;
}
