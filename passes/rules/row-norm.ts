/**
 * Reads a layer norm through BatchNormalization, as Keras exports it: rows become channels, and their mean and variance
 * are computed.
 */
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { forwardOf, looseOps } from '../../src/match/algebra/algebra.js';
import { placed } from '../../src/match/algebra/forms.js';
import { Reader } from '../../src/match/algebra/reader.js';
import { any, Mean, Minus, type Pattern, Power, reading, Sum, site } from '../../src/match/pattern/index.js';
import { Environment, foundAt, type Search } from '../../src/match/search/search.js';
import { solveAs } from '../../src/match/search/solve.js';
import { plainOf } from '../../src/match/views/plain.js';
import { reshapeOf } from '../../src/match/views/reshaped.js';
import { fillOf } from '../../src/match/views/scalar.js';

const mean = Mean(any('rows'));
const variance = site(Mean(Power(Sum(any('rows'), Minus(Mean(any('rows')))), 2)));

interface RowNormCaptures {
  readonly x: Value;
  readonly axes: string;
  readonly epsilon: number;
}

/** (x − mean(x)) / √(mean((x − mean(x))²) + ε) over the last axis, as Reshape(BatchNormalization(Reshape(x), 1, 0, mean, variance)). */
export const rowNorm: Pattern<RowNormCaptures> = reading('BatchNormalization of rows', solveRows, {
  parts: [mean, variance],
  through: 'BatchNormalization',
});

function* solveRows(value: Value, environment: Environment, search: Search): Iterable<Environment> {
  const { of, nodes } = plainOf(value);
  const back = reshapeOf(of);
  const norm = back?.inputs[0]?.producer;
  if (!back || !norm?.is('BatchNormalization')) {
    search.fail(environment, rowNorm, value, `expected a BatchNormalization, reshaped; found ${foundAt(of)}`);
    return;
  }
  const read = readingOf(norm, search);
  if (typeof read === 'string') {
    search.fail(environment.matched(rowNorm, value, [...nodes, back, norm]), rowNorm, norm.inputs[4] ?? value, read);
    return;
  }
  const { turned, x, rows, rowMean, rowVariance, last, epsilon } = read;
  const loosely = search.isLoose ? looseOps : undefined;
  const reader = new Reader(search.facts, { cut: rows, live: forwardOf(rows), loosely });
  // Mean and variance have a number for each channel; in the shape that broadcasts, they keep the axes of the rows.
  const shape = [1, rows.shape?.[1] ?? 0, 1, 1];
  const [ofMean, ofVariance] = [rowMean, rowVariance].map((one) => placed(reader.read(one), shape));
  if (!ofMean || !ofVariance) return;
  for (const first of solveAs(mean, ofMean, rowMean, Environment.empty(reader), search))
    for (const found of solveAs(variance, ofVariance, rowVariance, first, search))
      if (found.captures.get('rows') === rows) {
        const inside = environment.matched(rowNorm, value, [...nodes, back, norm, turned, ...found.nodes()]);
        const next = inside.capture('x', x)?.capture('axes', String(last))?.capture('epsilon', epsilon);
        if (next) yield found.sites.reduce((one, node) => one.atSite(node), next);
      }
}

/** Reads the parts of such a norm, or gives the reason in words that a node is none. */
function readingOf(norm: Node, { facts, isLoose }: Search) {
  const [rows, scale, bias, rowMean, rowVariance] = norm.inputs;
  const turned = rows && reshapeOf(rows);
  const x = turned?.inputs[0];
  if (!turned || !x?.shape || !rowMean || !rowVariance) return 'expected a BatchNormalization of what was reshaped';
  const last = x.shape.length - 1;
  const found = { turned, x, rows, rowMean, rowVariance, last, epsilon: norm.float('epsilon', 1e-5) };
  if (isLoose) return found;
  const trains = norm.int('training_mode', 0) !== 0 || norm.outputs.length > 1 || (norm.opset ?? 0) < 9;
  if (trains || norm.hasReference) return 'expected a BatchNormalization that takes its statistics as they are';
  const [batch, , size, rest] = rows.shape ?? [];
  if (rows.shape?.length !== 4 || batch !== 1 || rest !== 1 || typeof size !== 'number' || size !== x.shape[last])
    return 'expected rows of the last axis as channels';
  if (fillOf(scale, facts) !== 1 || fillOf(bias, facts) !== 0) return 'a scale or a bias for each row';
  return found;
}
