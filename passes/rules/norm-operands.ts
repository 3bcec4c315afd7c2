/** What every norm kernel asks of its operands: normalised axes that are the last ones, a scale and a bias of just those axes. */
import { equalDims } from '../../src/ir/dims.js';
import { reshaped } from '../../src/ir/numbers.js';
import { equalShapes, isFloat, type Shape } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { Miss } from '../../src/match/miss.js';
import type { RewriteScope } from '../../src/match/rule.js';

/** Where normalisation starts, and the dims of the normalised axes. */
export interface NormalisedAxes {
  readonly axis: number;
  readonly dims: Shape;
}

/** The normalised axes as a kernel takes them; a Miss where it takes no such axes, type or broadcast. */
export function normalisedAxes(x: Value, axes: string, { root, no }: RewriteScope): NormalisedAxes | Miss {
  const { shape, elem } = x;
  if (!shape || !elem || !isFloat(elem)) return no('the type or rank of what is normalised is not known');
  if (elem === 'float64') return no('the kernel would compute float64 in float32');
  if (!equalShapes(root.shape, shape)) return no('scale or bias broadcast the result to a larger shape than the input');
  const given = axes.split(',').map(Number);
  const axis = shape.length - given.length;
  if (given.some((one, i) => one !== axis + i))
    return no(`normalised over axes ${axes} of rank ${shape.length}; the kernel normalises the last ones`);
  return { axis, dims: shape.slice(axis) };
}

/** Makes an operand; called after everything was asked. */
type Make = () => Value;

/** The operand as the kernel takes it: of exactly the normalised axes, ones (or zeros) where there is none. */
export function affineOperand(
  what: 'scale' | 'bias',
  value: Value | undefined,
  { dims }: NormalisedAxes,
  { build, root, no }: RewriteScope,
): Make | Miss {
  if (!value) {
    const sizes = dims.filter((dim) => typeof dim === 'number');
    if (sizes.length < dims.length) return no('the size of the normalised axes is not known');
    const neutral = what === 'scale' ? 1 : 0;
    const count = sizes.reduce((product, size) => product * size, 1);
    return () => build.numbers(root.elem ?? 'float32', Array<number>(count).fill(neutral), sizes);
  }
  const { shape } = value;
  const leading = (shape?.length ?? 0) - dims.length;
  if (!shape || value.elem !== root.elem) return no(`the type of the ${what} is not known`, value);
  const isOfAxes = leading >= 0 && shape.every((dim, i) => equalDims(dim, i < leading ? 1 : (dims[i - leading] ?? 0)));
  if (!isOfAxes) return no(`the ${what} is not one number for each normalised element`, value);
  if (leading === 0) return () => value;
  const { tensor } = value;
  if (!tensor)
    return () =>
      build.squeeze(
        value,
        Array.from({ length: leading }, (_, axis) => axis),
      );
  return () => build.constant(reshaped(tensor, tensor.shape.slice(leading)));
}
