/** Values of int64 whose numbers fit int32, and their form in it. */
import type { GraphBuilder } from '../../src/ir/build.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { everyNumber, numbersOf } from '../../src/ir/tensors/numbers.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import { tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { Maybe } from '../../src/ops/interval.js';
import { numericShape } from '../../src/ops/shapes.js';
import type { IntegerBounds } from '../bounds/integers.js';

const [LOW, HIGH] = [-(2 ** 31), 2 ** 31 - 1];
/** Longer constants are left. */
const LONGEST = 2 ** 16;
/** As many numbers are cast down to meet others that are int32 already. */
const FEW = 16;

export const isInt32 = (bounds: Maybe): boolean => bounds !== undefined && bounds.low >= LOW && bounds.high <= HIGH;

/** A constant that fits, or a few numbers that are computed and do: a size, the number of a round. */
export function isFew(value: Value, bounds: IntegerBounds): boolean {
  if (value.elem !== 'int64') return false;
  const tensor = constantTensor(value);
  if (tensor)
    return (
      tensor.byteLength <= 8 * LONGEST && everyNumber(tensor, (number) => number >= LOW && number <= HIGH) === true
    );
  const sizes = numericShape(value.shape);
  return sizes !== undefined && elementCount(sizes) <= FEW && isInt32(bounds.of(value));
}

/** The int32 value that was cast to an int64 one. */
export const narrow = (value: Value | undefined): Value | undefined => {
  const { producer } = value ?? {};
  return producer?.is('Cast') && value?.elem === 'int64' && producer.inputs[0]?.elem === 'int32'
    ? producer.inputs[0]
    : undefined;
};

/** The value as int32, whose numbers fit it. */
export function narrowed(g: GraphBuilder, value: Value): Value {
  const tensor = constantTensor(value);
  const known = narrow(value) ?? (tensor && g.constant('int32', numbersOf(tensor), tensor.shape));
  if (known) return known;
  const made = g.cast(value, 'int32');
  made.type = tensorType('int32', value.shape);
  return made;
}
