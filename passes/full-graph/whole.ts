/** int64 numbers as int32, which more kernels take, where they are known to fit. */
import type { Attributes } from '../../src/ir/build.js';
import type { Node } from '../../src/ir/node.js';
import { castTensor, reshaped, tensorOf } from '../../src/ir/tensors/numbers.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import type { DataType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { Rewriter } from '../../src/match/rewriter.js';
import { heldBy } from '../../src/ops/moved.js';
import { rowOf } from '../../src/ops/registry.js';
import { isFrom, isMover } from '../../src/ops/row.js';
import { IntegerBounds } from '../bounds/integers.js';
import type { Cure, CureScope } from './cure.js';

/** Ops whose results in int32 are those in int64, where these fit. */
const arithmetic = new Set('Abs Add Div Max Min Mul Neg Range Sub'.split(' '));
/** Comparisons of int64, and Cast: what comes out is another type. */
const exits = new Set('Cast Equal Greater GreaterOrEqual Less LessOrEqual'.split(' '));
/** 0 − x, and the larger of x and 0 − x, where there is no kernel for int32. */
const negative = (build: Rewriter, x: Value): Value => build.op('Sub', [build.constant('int32', 0), x]);
const spelled: Readonly<Record<string, (build: Rewriter, x: Value) => Value>> = {
  Neg: negative,
  Abs: (build, x) => build.op('Max', [x, negative(build, x)]),
};
const MOST = 2 ** 31 - 1;
/** So few elements are arithmetic of shapes, which the runtime keeps on the host on purpose. */
const FEW = 64;

const isFew = ({ shape }: Value): boolean =>
  shape?.every((dim) => typeof dim === 'number') === true && elementCount(shape) <= FEW;

/** f(a: int64, …) ⟶ f(a: int32, …), back to the numbers' sources; f is a Cast or a comparison. */
export const whole: Cure = (scope) => {
  const { node, build, runs } = scope;
  if (!exits.has(node.opType) || node.domain !== '' || node.hasReference) return undefined;
  const inputs = node.inputs.filter((value) => value !== undefined);
  const { elem } = node.output;
  if (elem === 'int64' || !elem || inputs.some((value) => value.elem !== 'int64')) return undefined;
  const isCast = node.is('Cast');
  if (!(isCast ? elem === 'int32' || runs('Cast', 'int32', elem) : runs(node.opType, 'int32')))
    return `${node.opType} of int32 has no kernel either`;
  const narrowed = new Narrowed(scope);
  const reason = inputs.map((value) => narrowed.obstacle(value)).find((one) => one !== undefined);
  if (reason) return reason;
  const operands = inputs.map((value) => narrowed.of(value));
  const value = isCast ? build.cast(operands[0] as Value, elem) : build.op(node.opType, operands);
  return { value, operands: [...narrowed.sources] };
};

/** Values as int32. */
class Narrowed {
  readonly #built = new Map<Value, Value>();
  readonly #obstacles = new Map<Value, string | undefined>();
  readonly #bounds: IntegerBounds;
  /** The values of another type, and the few numbers, that all is computed from. */
  readonly sources = new Set<Value>();

  constructor(readonly scope: CureScope) {
    this.#bounds = new IntegerBounds(scope.facts);
  }

  /** Why a value has no form in int32. */
  obstacle(value: Value): string | undefined {
    if (!this.#obstacles.has(value)) {
      this.#obstacles.set(value, undefined);
      this.#obstacles.set(value, this.#obstacle(value));
    }
    return this.#obstacles.get(value);
  }

  #obstacle(value: Value): string | undefined {
    const { producer: node } = value;
    const source = movedFrom(value);
    if (!source.tensor && !source.producer)
      return 'it reads an int64 input, which has no type with kernels in the contract';
    const bound = this.#bounds.of(value);
    if (!bound || bound.low < -MOST - 1 || bound.high > MOST) return 'its int64 numbers are not known to fit int32';
    if (value.tensor || isFew(value) || !node) return undefined;
    const { runs } = this.scope;
    if (node.is('Cast')) {
      const from = node.inputs[0]?.elem;
      const isKernel = from && (from === 'int32' || runs('Cast', from, 'int32'));
      return isKernel ? undefined : `Cast of ${from} to int32 has no kernel either`;
    }
    if (node.is('ConstantOfShape')) return runs('Expand', 'int32') ? undefined : 'Expand of int32 has no kernel either';
    const parts = partsOf(node);
    if (!parts) return `${node.opType} of int64 before it has no form in int32`;
    if (!runs(node.opType, 'int32') && !(spelled[node.opType] && runs('Sub', 'int32') && runs('Max', 'int32')))
      return `${node.opType} of int32 before it has no kernel either`;
    return parts.map((part) => this.obstacle(part)).find((one) => one !== undefined);
  }

  /** The value in int32; it has no obstacle. */
  of(value: Value): Value {
    const known = this.#built.get(value) ?? this.#build(value);
    this.#built.set(value, known);
    return known;
  }

  #build(value: Value): Value {
    const { build } = this.scope;
    const { producer: node, tensor } = value;
    if (tensor) return build.constant(castTensor(tensor, 'int32'));
    const isSource = isFew(value) || !node;
    const source = isSource ? value : node.is('Cast') ? (node.inputs[0] as Value) : undefined;
    if (source) this.sources.add(source);
    if (source || !node) return build.cast(source ?? value, 'int32');
    if (node.is('ConstantOfShape')) {
      const [shape] = node.inputs as [Value];
      const filled = node.attributes.get('value');
      this.sources.add(shape);
      const number = filled?.type === 'tensor' ? filled.value : tensorOf('int64', 0);
      return build.op('Expand', [build.constant(castTensor(reshaped(number, []), 'int32')), shape]);
    }
    const parts = new Set(partsOf(node));
    const inputs = node.inputs.map((input) => {
      if (input && parts.has(input)) return this.of(input);
      if (input) this.sources.add(input);
      return input;
    });
    const attributes: Attributes = Object.fromEntries(node.attributes);
    const spell = this.scope.runs(node.opType, 'int32') ? undefined : spelled[node.opType];
    return spell ? spell(build, inputs[0] as Value) : build.op(node.opType, inputs, attributes);
  }
}

/** What a value holds elements of, through all that only moves them. */
function movedFrom(value: Value): Value {
  let source = value;
  for (let held = heldBy(source); held?.sources.length === 1 && !held.recast; held = heldBy(source))
    source = held.sources[0] as Value;
  return source;
}

/** The int64 operands that the result consists of; undefined where the op has no form in int32. */
function partsOf(node: Node): readonly Value[] | undefined {
  if (node.hasReference || node.domain !== '' || node.outputs.length !== 1) return undefined;
  const moves = rowOf(node)?.moves;
  const isMoved = moves !== undefined && isMover(moves, node) && !moves.recasts && !moves.fill;
  if (!isMoved && !arithmetic.has(node.opType)) return undefined;
  const all = node.inputs.filter(
    (value, index) => value !== undefined && (!isMoved || isFrom(moves, index)),
  ) as Value[];
  const isInt64 = ({ elem }: { elem: DataType | undefined }) => elem === 'int64';
  return all.every(isInt64) ? all : undefined;
}
