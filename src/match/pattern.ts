/**
 * The pattern language: op words are the exact ONNX names, `Product`, `Sum` and `Polynomial` are algebra in any spelling.
 *
 * A pattern is solved by a backtracking generator over immutable environments, so commutativity, alternatives and conditions
 * compose and no rule is copied. Captures are typed: a misspelled op or capture does not compile.
 */
export { Minus, Optional, Polynomial, Power, Product, Sum } from './combination.js';
export { AtLeastZero } from './floor.js';
export { Highest, Mean, Total } from './mean.js';
export { any, type CapturesOf, capturesOf, constant, maybe, number, oneOf, Pattern, view } from './term.js';
export { microsoft, op } from './words.js';
