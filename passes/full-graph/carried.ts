/** Elements that are moved in another type, which holds all of them, where the kernels of an op lack their own. */
import type { Attributes } from '../../src/ir/build.js';
import { castTensor, reshaped, tensorOf } from '../../src/ir/tensors/numbers.js';
import type { DataType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { rowOf } from '../../src/ops/registry.js';
import { isFrom, isMover } from '../../src/ops/row.js';
import type { Cure } from './cure.js';

/** 0 and 1 are numbers of all of these. */
const carriers: readonly DataType[] = ['uint8', 'int32', 'float32', 'float16'];

/** Op(a: bool, …) ⟶ Cast(Op(Cast(a), …)), of an op that moves elements, and of Equal. */
export const carried: Cure = ({ node, elem, runs, build }) => {
  const moves = rowOf(node)?.moves;
  const isCompared = node.is('Equal');
  if (elem !== 'bool' || node.hasReference || node.domain !== '' || node.outputs.length !== 1) return undefined;
  if (!isCompared && !(moves && isMover(moves, node) && !moves.recasts && !moves.fill)) return undefined;
  const isCarried = (value: Value | undefined, index: number): value is Value =>
    value !== undefined && (isCompared || (moves !== undefined && isFrom(moves, index)));
  const inputs = node.inputs.filter(isCarried);
  const carrier = carriers.find(
    (type) =>
      runs(node.opType, type) &&
      (isCompared || runs('Cast', type, 'bool')) &&
      inputs.every((value) => value.tensor || runs('Cast', 'bool', type)),
  );
  if (!carrier) return 'no other type that holds bool has a kernel';
  const cast = (value: Value): Value =>
    value.tensor ? build.constant(castTensor(value.tensor, carrier)) : build.cast(value, carrier);
  const attributes: Attributes = Object.fromEntries(node.attributes);
  const found = build.op(
    node.opType,
    node.inputs.map((value, index) => (isCarried(value, index) ? cast(value) : value)),
    attributes,
  );
  return { value: isCompared ? found : build.cast(found, 'bool') };
};

/** ConstantOfShape(shape) ⟶ Expand(number, shape) */
export const filled: Cure = ({ node, runs, build }) => {
  const [shape] = node.inputs;
  if (!node.is('ConstantOfShape') || node.hasReference || !shape) return undefined;
  const value = node.attributes.get('value');
  const number = value?.type === 'tensor' ? value.value : undefined;
  const elem = number?.type ?? 'float32';
  if (!runs('Expand', elem)) return `Expand of ${elem}, which would stand for it, has none either`;
  const one = number ? reshaped(number, []) : tensorOf('float32', 0);
  return { value: build.op('Expand', [build.constant(one), shape]) };
};
