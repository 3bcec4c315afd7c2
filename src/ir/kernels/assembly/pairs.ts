/** Two neighbouring numbers of float32, in doubles. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function pairAt(address: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(address));
}
