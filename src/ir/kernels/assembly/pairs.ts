/** Numbers of float32 in doubles, and what they round to. */

/** Two neighbouring numbers of float32, in doubles. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function pairAt(address: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(address));
}

/** The last two of four, in doubles. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function upperPair(four: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f64>(four, four, 1, 1));
}

/** Math.round(number / scale) of doubles. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function nearest(number: v128, scale: v128): v128 {
  return f64x2.floor(f64x2.add(f64x2.div(number, scale), f64x2.splat(0.5)));
}

/**
 * The same of four numbers of float32 and the scales of the first and the last two, as float32. `inverse`: one by these scales. The product tells, where it is
 * not near the middle between two whole numbers; beyond 512 it need not be right.
 */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function nearestFour(four: v128, inverse: v128, scale: v128, other: v128): v128 {
  const raised = f32x4.add(f32x4.mul(four, inverse), f32x4.splat(0.5)), near = f32x4.floor(raised);
  const off = f32x4.abs(f32x4.sub(f32x4.sub(raised, near), f32x4.splat(0.5)));
  if (i32x4.all_true(f32x4.lt(off, f32x4.splat(0.4998)))) return near;
  const first = f32x4.demote_f64x2_zero(nearest(f64x2.promote_low_f32x4(four), scale));
  return v128.shuffle<f64>(first, f32x4.demote_f64x2_zero(nearest(upperPair(four), other)), 0, 2);
}
