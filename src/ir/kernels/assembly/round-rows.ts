/** Rounds rows of an int8 weight with what the rows before left over: `bytes.ts` of passes/precision/integer. */
import { pairAt } from './pairs';

/** Added to a whole number, it leaves that in the low 32 bits. */
const MAGIC: f64 = 6755399441055744;

// @ts-ignore: a decorator of AssemblyScript
@inline
function byteOf(exact: v128, before: v128): v128 {
  const target = f64x2.add(exact, f64x2.mul(f64x2.splat(0.015625), before));
  const byte = f64x2.floor(f64x2.add(target, f64x2.splat(0.5)));
  return f64x2.pmax(f64x2.pmin(byte, f64x2.splat(127)), f64x2.splat(-127));
}

/** Four whole numbers as bytes. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function storeFour(out: usize, low: v128, high: v128): void {
  const magic = f64x2.splat(MAGIC);
  const whole = v128.shuffle<i32>(f64x2.add(low, magic), f64x2.add(high, magic), 0, 2, 4, 6);
  const halves = i16x8.narrow_i32x4_s(whole, whole);
  v128.store32_lane(out, i8x16.narrow_i16x8_s(halves, halves), 0);
}

/** One number with the byte above it, or none: a pair beyond the limit gives up half each. */
function roundOne(numbers: usize, scale: f64, errors: usize, out: usize, above: usize, limit: i32): void {
  const exact = <f64>load<f32>(numbers) / scale, before = load<f64>(errors);
  let byte = max(min(Math.floor(exact + 0.015625 * before + 0.5), 127), -127), moved: f64 = 0;
  if (above) {
    const first = load<i8>(above), excess = <i32>Math.abs(<f64>first + byte) - limit;
    if (excess > 0) {
      // Both have the same sign.
      const sign = byte > 0 ? 1 : -1, half = sign * (excess >> 1);
      store<i8>(above, <i8>(<i32>first - half));
      byte -= <f64>(sign * excess - half);
      moved = <f64>half;
    }
  }
  store<f64>(errors, before + moved + exact - byte);
  store<i8>(out, <i8>byte);
}

/**
 * Rounds whole rows, an even number of columns wide, to bytes, each number with a 64th of the errors of its column before it, and adds to these. Scales and
 * errors are doubles. With `isPaired` each two rows from the first on are pairs.
 */
export function roundRows(
  numbers: usize, rows: i32, columns: i32, isPaired: bool, scales: usize, errors: usize, out: usize, limit: i32,
): void {
  const width = <usize>columns, most = f64x2.splat(<f64>limit);
  for (let row = 0; row < rows; row += isPaired ? 2 : 1) {
    const isPair = isPaired && row + 1 < rows;
    let column: usize = 0;
    for (; column + 4 <= width; column += 4) {
      const place = numbers + (column << 2), left = scales + (column << 3), sums = errors + (column << 3);
      const scale = v128.load(left), other = v128.load(left, 16), before = v128.load(sums), behind = v128.load(sums, 16);
      const low = f64x2.div(pairAt(place), scale), high = f64x2.div(pairAt(place + 8), other);
      const first = byteOf(low, before), second = byteOf(high, behind);
      let error = f64x2.sub(f64x2.add(before, low), first), rest = f64x2.sub(f64x2.add(behind, high), second);
      if (isPair) {
        const below = place + (width << 2);
        const third = f64x2.div(pairAt(below), scale), fourth = f64x2.div(pairAt(below + 8), other);
        const last = byteOf(third, error), end = byteOf(fourth, rest);
        const one = f64x2.abs(f64x2.add(first, last)), two = f64x2.abs(f64x2.add(second, end));
        if (v128.any_true(f64x2.gt(f64x2.pmax(one, two), most))) {
          for (let lane: usize = 0; lane < 4; lane++) roundTwo(place + (lane << 2), width, left + (lane << 3), sums + (lane << 3), out + column + lane, limit);
          continue;
        }
        error = f64x2.sub(f64x2.add(error, third), last);
        rest = f64x2.sub(f64x2.add(rest, fourth), end);
        storeFour(out + width + column, last, end);
      }
      storeFour(out + column, first, second);
      v128.store(sums, error);
      v128.store(sums, rest, 16);
    }
    for (; column < width; column++)
      if (isPair) roundTwo(numbers + (column << 2), width, scales + (column << 3), errors + (column << 3), out + column, limit);
      else roundOne(numbers + (column << 2), load<f64>(scales + (column << 3)), errors + (column << 3), out + column, 0, limit);
    const done: usize = isPair ? 2 : 1;
    numbers += (width << 2) * done;
    out += width * done;
  }
}

/** A number and that of the row below. */
function roundTwo(numbers: usize, width: usize, scales: usize, errors: usize, out: usize, limit: i32): void {
  const scale = load<f64>(scales);
  roundOne(numbers, scale, errors, out, 0, limit);
  roundOne(numbers + (width << 2), scale, errors, out + width, out, limit);
}
