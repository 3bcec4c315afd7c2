/** A layer norm by way of BatchNormalization: rows become channels, whose mean and variance are computed. So Keras has it. */
import type { Facts } from '../../src/infer/index.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { any, Mean, Minus, Pattern, Power, Sum } from '../../src/match/pattern.js';
import { plainOf } from '../../src/match/plain.js';
import { reshapeOf } from '../../src/match/reshaped.js';
import { fillOf } from '../../src/match/scalar.js';
import { Environment } from '../../src/match/search.js';
import { foundAt } from '../../src/match/term.js';

const mean = Mean(any('rows'));
const variance = Mean(Power(Sum(any('rows'), Minus(Mean(any('rows')))), 2));

interface Captures {
  readonly x: Value;
  readonly axes: string;
  readonly epsilon: number;
}

/** (x − mean(x)) / √(mean((x − mean(x))²) + ε) over the last axis, as Reshape(BatchNormalization(Reshape(x), 1, 0, mean, variance)). */
export const rowNorm: Pattern<Captures> = new Pattern(
  'BatchNormalization of rows',
  [mean, variance],
  function* (value, environment, search) {
    const { of, nodes } = plainOf(value);
    const back = reshapeOf(of);
    const norm = back?.inputs[0]?.producer;
    if (!back || !norm?.is('BatchNormalization')) {
      search.fail(environment, rowNorm, value, `expected a BatchNormalization, reshaped; found ${foundAt(of)}`);
      return;
    }
    const read = readingOf(norm, search.facts);
    if (typeof read === 'string') {
      search.fail(environment.matched(rowNorm, value, [...nodes, back, norm]), rowNorm, norm.inputs[4] ?? value, read);
      return;
    }
    const { turned, x, rows, rowMean, rowVariance, last, epsilon } = read;
    // Mean and variance have a number for each channel; in the shape that broadcasts, they keep the axes of the rows.
    const shape = [1, rows.shape?.[1] ?? 0, 1, 1];
    for (const first of mean.solve(rowMean, Environment.empty.reading(rowMean, shape), search))
      for (const found of variance.solve(rowVariance, first.reading(rowVariance, shape), search))
        if (found.captures.get('rows') === rows) {
          const inside = environment.matched(rowNorm, value, [...nodes, back, norm, turned, ...found.nodes()]);
          const next = inside.capture('x', x)?.capture('axes', String(last))?.capture('epsilon', epsilon);
          if (next) yield next;
        }
  },
);

/** The parts of one; in words, why it is none. */
function readingOf(norm: Node, facts: Facts) {
  const [rows, scale, bias, rowMean, rowVariance] = norm.inputs;
  const turned = rows && reshapeOf(rows);
  const x = turned?.inputs[0];
  if (!turned || !x?.shape || !rowMean || !rowVariance) return 'expected a BatchNormalization of what was reshaped';
  const trains = norm.int('training_mode', 0) !== 0 || norm.outputs.length > 1 || (norm.opset ?? 0) < 9;
  if (trains || norm.hasReference) return 'expected a BatchNormalization that takes its statistics as they are';
  const last = x.shape.length - 1;
  const [batch, , size, rest] = rows.shape ?? [];
  if (rows.shape?.length !== 4 || batch !== 1 || rest !== 1 || typeof size !== 'number' || size !== x.shape[last])
    return 'expected rows of the last axis as channels';
  if (fillOf(scale, facts) !== 1 || fillOf(bias, facts) !== 0) return 'a scale or a bias for each row';
  return { turned, x, rows, rowMean, rowVariance, last, epsilon: norm.float('epsilon', 1e-5) };
}
