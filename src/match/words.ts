/** The op words: exact ONNX names, so that a pattern, a printed graph and grep agree. */
import type { Node } from '../ir/node.js';
import { plainOf } from './plain.js';
import type { Environment, Search } from './search.js';
import { type All, foundAt, Pattern, patternOf, type Term } from './term.js';

/** A node of the op whose inputs match the terms in order; a commutative one of two inputs in either. */
function opPattern(opType: string, domain: string, terms: readonly Term[]): Pattern {
  const parts = terms.map(patternOf);
  const orders = commutative.has(opType) && parts.length === 2 ? [parts, [...parts].reverse()] : [parts];
  const pattern: Pattern = new Pattern(
    domain ? `${domain}.${opType}` : opType,
    parts,
    function* (value, environment, search) {
      const { of, nodes } = plainOf(value);
      const node = of.producer;
      if (!node?.is(opType, domain) || node.output !== of) {
        search.fail(environment, pattern, value, `expected ${opType}; found ${foundAt(value)}`);
        return;
      }
      const inside = environment.matched(pattern, value, [...nodes, node]);
      if (node.hasReference) {
        search.fail(inside, pattern, value, "an attribute is the function's caller's to give");
        return;
      }
      for (const order of orders) yield* solveInputs(node, order, 0, inside, search);
    },
    new Set([opType]),
  );
  return pattern;
}

function* solveInputs(
  node: Node,
  parts: readonly Pattern[],
  index: number,
  environment: Environment,
  search: Search,
): Iterable<Environment> {
  const part = parts[index];
  if (!part) {
    yield environment;
    return;
  }
  const input = node.inputs[index];
  if (!input) {
    search.fail(environment, part, node.output, `expected an input ${index} of ${node.opType}; found none`);
    return;
  }
  for (const next of part.solve(input, environment, search)) yield* solveInputs(node, parts, index + 1, next, search);
}

const commutative = new Set(['Add', 'Mul', 'And', 'Or', 'Xor', 'Equal', 'Max', 'Min', 'Sum', 'Mean']);

/** A word of the language: what the inputs of the op match, in order. Attributes are a matter of `where`. */
type Word = <Terms extends readonly Term[]>(...terms: Terms) => Pattern<All<Terms>>;

const word =
  (opType: string, domain = ''): Word =>
  (...terms) =>
    opPattern(opType, domain, terms) as never;

const onnxOps = [
  'Add', 'Sub', 'Mul', 'Div', 'Pow', 'Sqrt', 'Reciprocal', 'Neg', 'Exp', 'Erf', 'Tanh', 'Sigmoid', 'Relu', 'Softmax', 'Gelu',
  'Swish', 'MatMul', 'Gemm', 'Transpose', 'Reshape', 'Concat', 'Slice', 'Split', 'Gather', 'Cast', 'Cos', 'Sin', 'Where',
  'ReduceMean', 'ReduceSum', 'InstanceNormalization', 'LayerNormalization', 'RMSNormalization', 'GroupNormalization',
  'SimplifiedLayerNormalization',
] as const; // biome-ignore format: a list of words

/** The op words of ai.onnx. */
export const op = Object.fromEntries(onnxOps.map((name) => [name, word(name)])) as Record<
  (typeof onnxOps)[number],
  Word
>;

const microsoftOps = [
  'Gelu',
  'FastGelu',
  'QuickGelu',
  'BiasGelu',
  'SkipLayerNormalization',
  'SkipSimplifiedLayerNormalization',
] as const;

/** The op words of com.microsoft. */
export const microsoft = Object.fromEntries(microsoftOps.map((name) => [name, word(name, 'com.microsoft')])) as Record<
  (typeof microsoftOps)[number],
  Word
>;
