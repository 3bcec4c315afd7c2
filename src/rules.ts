/**
 * The rule language, and what a pass is written with: `onnx-passes/rules`. Every name is listed by hand.
 *
 * ```ts
 * const x = any('x');
 * export const halfSquare = rule({
 *   name: 'half-square',
 *   because: 'one Mul less',
 *   match: Product(0.5, site(op.Relu(x))),
 *   rewrite: ({ x }, { build, root }) => build.op('Mul', …),
 * });
 * ```
 */

/** What options of a pass are declared with: the zod that this package holds. */
export { z } from 'zod';
/** Facts about a model's values: types, shapes, contents of shape arithmetic. */
export { type Facts, inferTypes } from './infer/index.js';
/** Attribute values that JavaScript's numbers do not tell apart: a float32, a list of them. */
export { type AttributeLike, float, floats } from './ir/attribute.js';
/** The builder of models for tests; rewrites are given one of their own. */
export { type BuildOptions, buildModel, GraphBuilder } from './ir/build.js';
/** Dims: numbers and symbols. Two dims are equal if they are so for any value of the symbols. */
export { type Bounds, dimBounds } from './ir/dims/bounds.js';
export { type Dim, dimText, equalDims, symbol } from './ir/dims/dims.js';
export type { Graph } from './ir/graph.js';
export type { Model } from './ir/model.js';
export type { Node } from './ir/node.js';
/** The provider that a result is meant for. */
export type { Target } from './ir/targets/targets.js';
/** Numbers of tensors, and tensors of numbers. */
export { constantTensor } from './ir/tensors/constants.js';
export { castTensor, numbersOf, tensorOf } from './ir/tensors/numbers.js';
export { derivedTensor, type Tensor } from './ir/tensors/tensor.js';
/** Types: `equalShapes(a, b)` is true where both are known and equal. */
export { type DataType, equalShapes, isFloat, type Shape, type Type, tensorType } from './ir/types.js';
export type { Value } from './ir/value.js';
export { printModel } from './ir/whole-model/print.js';
/** Applies rules to a model, and reports the outcome at every site. */
export { applyRules, reportSites, type Site } from './match/apply.js';
/** A refusal, as `no(…)` makes it, and shared texts of help. */
export { helps, Miss } from './match/miss.js';
/** The terms of patterns. */
export {
  AtLeastZero,
  any,
  type CapturesOf,
  constant,
  Highest,
  Mean,
  Minus,
  maybe,
  number,
  Optional,
  oneOf,
  type Pattern,
  type PatternTerm,
  Polynomial,
  Power,
  Product,
  Sum,
  site,
  Total,
  telling,
  times,
} from './match/pattern/index.js';
/** Rules: an equation, and sets of them for one kind of site. */
export {
  type Replacement,
  type Rewrite,
  type RewriteScope,
  type Rule,
  type RuleHost,
  type RuleSet,
  type RuleSpec,
  rule,
  type SiteReport,
} from './match/rule.js';
/** Lanes: the origin of each place of a value's last axes, whatever ops moved it. */
export { type Lane, movedLanes } from './match/views/lanes.js';
/** The value behind Identities and Casts that do nothing. */
export { plainOf } from './match/views/plain.js';
/** Numbers: the constant content of a one-element value, and the constant that fills a value. */
export { fillOf, scalarOf } from './match/views/scalar.js';
/** Views: a chain of Reshape, Transpose and their like as axes that are products of factors. */
export { type View, viewOf } from './match/views/view.js';
/** The op words: `op.Erf(x)`, `microsoft.Gelu(x)`. */
export { microsoft, op } from './match/words.js';
/** Passes: a function that edits a model, with its options. */
export {
  definePass,
  type Fidelity,
  type Pass,
  type PassContext,
  type PassDefinition,
  type PassFactory,
  type PassSpec,
} from './run/pass.js';
/** A rule as a pass. */
export { passOf } from './run/rule-pass.js';
/** Checks for tests, in any test runner. */
export { type CheckedPass, checkMiss, checkPass, type MissCase, type PassCase } from './testing/check-pass.js';
