/** Dims of inputs whose names are expressions: `past + seq` beside inputs of `past` and of `seq`. */
import { addDims, type Dim, floorDivide, multiplyDims, subtractDims } from '../ir/dims/dims.js';
import { nameOf, symbolsOf } from '../ir/dims/symbols.js';
import type { Shape } from '../ir/types.js';
import type { Value } from '../ir/value.js';

/** The dims that stand by themselves in the shapes of inputs, by name. */
export function plainDims(inputs: readonly Value[]): ReadonlyMap<string, Dim> {
  const plain = new Map<string, Dim>();
  for (const { shape } of inputs)
    for (const dim of shape ?? []) {
      const name = nameOf(dim);
      if (typeof name === 'string' && /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(name)) plain.set(name, dim);
    }
  return plain;
}

/** The shape with names read as what they spell; the same object where none spells anything. */
export function readShape(shape: Shape, plain: ReadonlyMap<string, Dim>): Shape {
  const dims = shape.map((dim) => {
    const name = nameOf(dim);
    return (typeof name === 'string' && /[+*/-]/.test(name) && readDim(name, plain)) || dim;
  });
  return dims.some((dim, axis) => dim !== shape[axis]) ? dims : shape;
}

/** A longer name is no sum of dims that anyone wrote. */
const MOST_TOKENS = 256;

/**
 * What a name spells in terms of other inputs' dims. `past + 1` is left alone: exporters write it for one new token at a time,
 * and such models are run with more.
 */
function readDim(name: string, plain: ReadonlyMap<string, Dim>): Dim | undefined {
  const tokens = name.match(/[\p{L}_][\p{L}\p{N}_.]*|\d+|\/\/|\S/gu) ?? [];
  if (tokens.length > MOST_TOKENS) return undefined;
  let at = 0;
  const take = (...expected: string[]): string | undefined =>
    expected.includes(tokens[at] ?? '') ? tokens[at++] : undefined;
  const factor = (): Dim | undefined => {
    if (take('(')) {
      const inner = sum();
      return take(')') ? inner : undefined;
    }
    const token = tokens[at++] ?? '';
    return /^\d+$/.test(token) ? Number(token) : plain.get(token);
  };
  const chain = (operand: () => Dim | undefined, operators: Readonly<Record<string, (a: Dim, b: Dim) => Dim>>) => {
    let left = operand();
    for (let operator = take(...Object.keys(operators)); operator; operator = take(...Object.keys(operators))) {
      const right = operand();
      if (left === undefined || right === undefined) return undefined;
      left = operators[operator]?.(left, right);
    }
    return left;
  };
  const product = () => chain(factor, { '*': multiplyDims, '//': floorDivide });
  const sum = (): Dim | undefined => chain(product, { '+': addDims, '-': subtractDims });
  const read = sum();
  const isWhole = at === tokens.length && read !== undefined;
  return isWhole && (symbolsOf(read).length > 1 || !/[+-]/.test(name)) ? read : undefined;
}
