/** Ops by their formulas, from ops that more targets have kernels for. */
import { fromStart } from '../../src/ir/dims/axes.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import type { Rewriter } from '../../src/match/rewriter.js';
import { type Cure, lacking } from './cure.js';

/** What a formula computes with. */
interface Terms {
  readonly x: Value;
  readonly node: Node;
  readonly build: Rewriter;
  /** A number in x's type. */
  number(of: number): Value;
  /** An op of these values or numbers. */
  op(opType: string, ...inputs: (Value | number)[]): Value;
}

/** `uses`: the ops that it is made of. */
const formula =
  (uses: string, make: (terms: Terms) => Value | string): Cure =>
  (scope) => {
    const { node, build, elem } = scope;
    const [x] = node.inputs;
    if (!x || node.hasReference) return undefined;
    const number = (of: number): Value => build.constant(elem, of);
    const op: Terms['op'] = (opType, ...inputs) =>
      build.op(
        opType,
        inputs.map((input) => (typeof input === 'number' ? number(input) : input)),
      );
    const refusal = lacking(uses, scope);
    if (refusal) return refusal;
    const found = make({ x, node, build, number, op });
    return typeof found === 'string' ? found : { value: found };
  };

/** Before the set each of its parts was made of, the parts have another form. */
const from =
  (opset: number, cure: Cure): Cure =>
  (scope) =>
    scope.opset < opset ? `its formula needs opset ${opset}` : cure(scope);

/** x where it is positive, otherwise another number. */
const whenPositive = ({ x, op }: Terms, positive: Value, otherwise: Value): Value =>
  op('Where', op('Greater', x, 0), positive, otherwise);

const NO_RANK = 'the rank of its input is not known';
const INFINITE = Number.POSITIVE_INFINITY;

/** f folded over all inputs, from the left. */
const folded = ({ node, op }: Terms, opType: string): Value | string => {
  const [first, ...rest] = node.inputs.filter((value) => value !== undefined);
  if (!first || rest.length === 0) return 'it has one input';
  return rest.reduce((sum, value) => op(opType, sum, value), first);
};

/** A mean or a maximum over all axes behind the channels of a tensor of this rank. */
const overImage = (build: Rewriter, reduce: 'ReduceMean' | 'ReduceMax', of: Value, rank: number): Value =>
  Array.from({ length: rank - 2 }, (_, index) => index + 2).reduce(
    (found, axis) => build.reduce(reduce, found, axis),
    of,
  );

const pooled =
  (reduce: 'ReduceMean' | 'ReduceMax') =>
  ({ x, build }: Terms): Value | string =>
    x.shape ? overImage(build, reduce, x, x.shape.length) : NO_RANK;

/** (x − mean) / √(variance + ε) · scale + bias, for each image and channel. */
const instanceNorm = ({ x, node, build, op }: Terms): Value | string => {
  const [, scale, bias] = node.inputs;
  const rank = x.shape?.length;
  if (rank === undefined || !scale || !bias) return NO_RANK;
  const mean = (value: Value) => overImage(build, 'ReduceMean', value, rank);
  const centred = op('Sub', x, mean(x));
  const deviation = op('Sqrt', op('Add', mean(op('Mul', centred, centred)), node.float('epsilon', 1e-5)));
  const axes = Array.from({ length: rank - 2 }, (_, index) => index + 1);
  const perChannel = (value: Value) => build.unsqueeze(value, axes);
  return op('Add', op('Mul', op('Div', centred, deviation), perChannel(scale)), perChannel(bias));
};

/** x − max − log Σ exp(x − max) */
const logSoftmax = ({ x, node, build, op }: Terms): Value | string => {
  const rank = x.shape?.length;
  if (!rank) return NO_RANK;
  const axis = fromStart(node.int('axis', -1), rank);
  const shifted = op('Sub', x, build.reduce('ReduceMax', x, axis));
  return op('Sub', shifted, op('Log', build.reduce('ReduceSum', op('Exp', shifted), axis)));
};

/** α·(exp(x) − 1) */
const grown = ({ op }: Terms, x: Value, alpha: number): Value => op('Mul', op('Sub', op('Exp', x), 1), alpha);

export const formulas: Readonly<Record<string, Cure>> = {
  IsNaN: formula('Equal Not', ({ x, op }) => op('Not', op('Equal', x, x))),
  IsInf: formula('Equal Abs', ({ x, node, op }) => {
    const [below, above] = [node.int('detect_negative', 1), node.int('detect_positive', 1)];
    if (below && above) return op('Equal', op('Abs', x), INFINITE);
    return below || above ? op('Equal', x, above ? INFINITE : -INFINITE) : 'it detects neither infinity';
  }),
  Sign: formula('Greater Less Where', (terms) => {
    const { x, op } = terms;
    // NaN and zeros stay.
    return op('Where', op('Greater', x, 0), terms.number(1), op('Where', op('Less', x, 0), terms.number(-1), x));
  }),
  Softsign: formula('Abs Add Div', ({ x, op }) => op('Div', x, op('Add', op('Abs', x), 1))),
  Elu: formula('Exp Sub Mul Greater Where', (terms) =>
    whenPositive(terms, terms.x, grown(terms, terms.x, terms.node.float('alpha', 1))),
  ),
  Celu: formula('Exp Sub Mul Div Greater Where', (terms) => {
    const alpha = terms.node.float('alpha', 1);
    return whenPositive(terms, terms.x, grown(terms, terms.op('Div', terms.x, alpha), alpha));
  }),
  Selu: formula('Exp Sub Mul Greater Where', (terms) => {
    const { x, node, op } = terms;
    const alpha = node.float('alpha', 1.6732631921768188);
    return op('Mul', whenPositive(terms, x, grown(terms, x, alpha)), node.float('gamma', 1.0507010221481323));
  }),
  HardSigmoid: formula('Mul Add Max Min', ({ x, node, op }) =>
    op('Min', op('Max', op('Add', op('Mul', x, node.float('alpha', 0.2)), node.float('beta', 0.5)), 0), 1),
  ),
  HardSwish: formula('Mul Add Max Min', ({ x, op }) =>
    op('Mul', x, op('Min', op('Max', op('Add', op('Mul', x, 1 / 6), 0.5), 0), 1)),
  ),
  ThresholdedRelu: formula('Greater Where', ({ x, node, op, number }) =>
    op('Where', op('Greater', x, node.float('alpha', 1)), x, number(0)),
  ),
  Sum: formula('Add', (terms) => folded(terms, 'Add')),
  Mean: formula('Add Div', (terms) => {
    const sum = folded(terms, 'Add');
    return typeof sum === 'string' ? sum : terms.op('Div', sum, terms.node.inputs.length);
  }),
  GlobalAveragePool: formula('ReduceMean', pooled('ReduceMean')),
  GlobalMaxPool: formula('ReduceMax', pooled('ReduceMax')),
  InstanceNormalization: formula('ReduceMean Sub Mul Add Sqrt Div Unsqueeze', instanceNorm),
  // Before 13 it flattens to two axes.
  LogSoftmax: from(13, formula('ReduceMax ReduceSum Sub Exp Log', logSoftmax)),
};
