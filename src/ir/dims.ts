/**
 * Symbolic dims: sums of products of symbols with integer coefficients, with floor division where ONNX needs it.
 * One normal form, so dims compare by value: `batch*12`, `(h*w)//4`, `past+seq`.
 */

/** A dim: a number, or an expression over symbols. */
export type Dim = number | DimExpression;

/** What a product is made of: a symbol, or a function of dims that has no simpler form. */
type Atom =
  | { readonly kind: 'symbol'; readonly name: string; readonly text: string }
  | { readonly kind: 'floordiv' | 'min' | 'max'; readonly a: Dim; readonly b: Dim; readonly text: string };

interface Term {
  readonly coefficient: number;
  /** Sorted by text; a power is a repetition. Empty for the constant term. */
  readonly atoms: readonly Atom[];
}

/** A sum of terms that is not a plain number. Immutable; made by the functions below only. */
export class DimExpression {
  /** The normal form; equal dims have equal text. */
  readonly text: string;
  constructor(readonly terms: readonly Term[]) {
    this.text = terms.map(termText).join('+').replaceAll('+-', '-');
  }
  toString(): string {
    return this.text;
  }
}

const atomText = (atom: Atom): string =>
  atom.kind === 'symbol' && !/^[\p{L}_?][\p{L}\p{N}_.?:/-]*$/u.test(atom.text) && !atom.text.startsWith('(')
    ? `{${atom.text}}`
    : atom.text;

function termText({ coefficient, atoms }: Term): string {
  const product = atoms.map(atomText).join('*');
  if (product === '') return String(coefficient);
  return coefficient === 1 ? product : coefficient === -1 ? `-${product}` : `${coefficient}*${product}`;
}

const termKey = (atoms: readonly Atom[]): string => atoms.map(atomText).join('*');
const byText = (a: Atom, b: Atom): number => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0);

function normal(terms: readonly Term[]): Dim {
  const sums = new Map<string, Term>();
  for (const term of terms) {
    const key = termKey(term.atoms);
    const coefficient = (sums.get(key)?.coefficient ?? 0) + term.coefficient;
    if (coefficient === 0) sums.delete(key);
    else sums.set(key, { coefficient, atoms: term.atoms });
  }
  const keys = [...sums.keys()].sort((a, b) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1));
  if (keys.length === 0) return 0;
  if (keys.length === 1 && keys[0] === '') return (sums.get('') as Term).coefficient;
  return new DimExpression(keys.map((key) => sums.get(key) as Term));
}

const termsOf = (dim: Dim): readonly Term[] =>
  typeof dim === 'number' ? (dim === 0 ? [] : [{ coefficient: dim, atoms: [] }]) : dim.terms;

const atom = (value: Atom): Dim => new DimExpression([{ coefficient: 1, atoms: [value] }]);

/** A named dim. Two symbols of one name are one dim. */
export const symbol = (name: string): Dim => atom({ kind: 'symbol', name, text: name });

let unknowns = 0;
/** A dim of which nothing is known: a symbol equal to nothing but itself. Its name begins with `?`. */
export const unknownDim = (): Dim => symbol(`?${++unknowns}`);

/** True where a symbol made by `unknownDim` takes part. */
export const isUnknown = (dim: Dim): boolean => symbolsOf(dim).some((name) => /^\?\d+$/.test(name));

export const addDims = (a: Dim, b: Dim): Dim =>
  typeof a === 'number' && typeof b === 'number' ? a + b : normal([...termsOf(a), ...termsOf(b)]);

export const subtractDims = (a: Dim, b: Dim): Dim => addDims(a, multiplyDims(b, -1));

export function multiplyDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  const product: Term[] = [];
  for (const x of termsOf(a))
    for (const y of termsOf(b))
      product.push({ coefficient: x.coefficient * y.coefficient, atoms: [...x.atoms, ...y.atoms].sort(byText) });
  return normal(product);
}

/** The product of all dims; 1 for none. */
export const productOf = (dims: readonly Dim[]): Dim => dims.reduce(multiplyDims, 1);

/** a/b where b divides a whatever the symbols are (b one term); undefined where that cannot be shown. */
export function divideExactly(a: Dim, b: Dim): Dim | undefined {
  if (equalDims(a, b) && b !== 0) return 1;
  if (b === 1) return a;
  const divisor = termsOf(b);
  if (divisor.length !== 1) return undefined;
  const { coefficient, atoms } = divisor[0] as Term;
  const quotient: Term[] = [];
  for (const term of termsOf(a)) {
    const rest = [...term.atoms];
    for (const factor of atoms) {
      const at = rest.findIndex((x) => x.text === factor.text);
      if (at < 0) return undefined;
      rest.splice(at, 1);
    }
    if (term.coefficient % coefficient !== 0) return undefined;
    quotient.push({ coefficient: term.coefficient / coefficient, atoms: rest });
  }
  return normal(quotient);
}

/** ⌊a/b⌋ for dims, b > 0. */
export function floorDivide(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number' && b !== 0) return Math.floor(a / b);
  const exact = divideExactly(a, b);
  if (exact !== undefined) return exact;
  return atom({ kind: 'floordiv', a, b, text: `((${dimText(a)})//(${dimText(b)}))` });
}

/** ⌈a/b⌉ for dims, b > 0. */
export const ceilDivide = (a: Dim, b: Dim): Dim => floorDivide(addDims(a, subtractDims(b, 1)), b);

const extreme = (kind: 'min' | 'max', a: Dim, b: Dim): Dim => {
  if (typeof a === 'number' && typeof b === 'number') return Math[kind](a, b);
  if (equalDims(a, b)) return a;
  const [x, y] = dimText(a) < dimText(b) ? [a, b] : [b, a];
  return atom({ kind, a: x, b: y, text: `(${kind}(${dimText(x)},${dimText(y)}))` });
};
export const minDim = (a: Dim, b: Dim): Dim => extreme('min', a, b);
export const maxDim = (a: Dim, b: Dim): Dim => extreme('max', a, b);

export const dimText = (dim: Dim): string => (typeof dim === 'number' ? String(dim) : dim.text);
export const equalDims = (a: Dim, b: Dim): boolean =>
  a === b || (typeof a !== 'number' && typeof b !== 'number' && a.text === b.text);

/** The names of the symbols in a dim, each once. */
export function symbolsOf(dim: Dim): string[] {
  const names = new Set<string>();
  const visit = (d: Dim): void => {
    for (const term of termsOf(d))
      for (const a of term.atoms) {
        if (a.kind === 'symbol') names.add(a.name);
        else [a.a, a.b].forEach(visit);
      }
  };
  visit(dim);
  return [...names];
}

/** The dim with symbols replaced; symbols not in `bindings` stay. */
export function substitute(dim: Dim, bindings: ReadonlyMap<string, Dim>): Dim {
  if (typeof dim === 'number') return dim;
  return dim.terms.reduce<Dim>((sum, term) => {
    const product = term.atoms.reduce<Dim>((value, a) => {
      if (a.kind === 'symbol') return multiplyDims(value, bindings.get(a.name) ?? symbol(a.name));
      const [x, y] = [substitute(a.a, bindings), substitute(a.b, bindings)];
      const f = a.kind === 'floordiv' ? floorDivide(x, y) : extreme(a.kind, x, y);
      return multiplyDims(value, f);
    }, term.coefficient);
    return addDims(sum, product);
  }, 0);
}
