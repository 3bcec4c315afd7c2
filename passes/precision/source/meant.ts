/** Constants of formulas that were rounded to 16 bits: float32 of them is the number that was meant, so that fusions know the formula. */
import { toFloat32Tensor } from '../../../src/ir/tensors/float32-tensor.js';
import { castTensor, numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';

/** Of GELU by erf and by tanh, and of quick GELU. */
const slope = Math.sqrt(2 / Math.PI);
const known = [Math.SQRT2, Math.SQRT1_2, slope, 0.044715, slope * 0.044715, 1.702];

/** A tensor as float32; one number of 16 bits that a number of these formulas rounds to becomes that number. */
export function meantAs32(tensor: Tensor): Tensor {
  if (elementCount(tensor.shape) !== 1 || tensor.type === 'float64') return toFloat32Tensor(tensor);
  const [found = 0] = numbersOf(tensor);
  const meant = known.find(
    (one) => numbersOf(castTensor(tensorOf('float32', [one]), tensor.type))[0] === Math.abs(found),
  );
  return meant === undefined ? toFloat32Tensor(tensor) : tensorOf('float32', [Math.sign(found) * meant], tensor.shape);
}
