/** What floats of 16 bits change of a weight: `channel-errors.ts` of passes/precision/weights. One number at a time, as sums have their order. */

/** The largest bits of a finite magnitude in each row. */
export function largestOfRows(numbers: usize, rows: i32, columns: i32, out: usize): void {
  const magnitude = i32x4.splat(0x7fffffff), infinite = i32x4.splat(0x7f800000);
  for (let row = 0; row < rows; row++, out += 4) {
    let four = i32x4.splat(0), i = 0;
    for (; i + 4 <= columns; i += 4, numbers += 16) {
      const size = v128.and(v128.load(numbers), magnitude);
      four = i32x4.max_s(four, v128.and(size, i32x4.lt_s(size, infinite)));
    }
    const two = i32x4.max_s(four, v128.shuffle<i32>(four, four, 2, 3, 0, 1));
    let most = max(i32x4.extract_lane(two, 0), i32x4.extract_lane(two, 1));
    for (; i < columns; i++, numbers += 4) {
      const size = load<i32>(numbers) & 0x7fffffff;
      if (size < 0x7f800000) most = max(most, size);
    }
    store<i32>(out, most);
  }
}

/** The square of what rounding to a type changes. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function change(number: f64, size: f64, least: f64, step: f64, largest: f64, split: f64): f64 {
  const high = number * split;
  let code = high - (high - number);
  if (size < least) {
    const places = number / step, below = Math.floor(places);
    code = (below + (places - below >= 0.5 ? 1 : 0)) * step;
  } else if (size > largest) code = number > 0 ? largest : -largest;
  const error = code - number;
  return error * error;
}

/** Adds the squares of a row's changes and of its finite numbers to those of their channels, doubles: number i is of channel first + steps[i]. */
export function addChanges(
  numbers: usize, count: i32, steps: usize, first: i32, narrow: usize, wide: usize, totals: usize,
): void {
  for (const end = numbers + (<usize>count << 2); numbers < end; numbers += 4, steps += 4) {
    const number = <f64>load<f32>(numbers), size = Math.abs(number);
    if (!(size < Infinity)) continue;
    const at = <usize>(first + load<i32>(steps)) << 3;
    const one = change(number, size, 0.00006103515625, 5.960464477539063e-8, 65504, 4398046511105);
    const other = change(number, size, 1.1754943508222875e-38, 9.183549615799121e-41, 3.3895313892515355e38, 35184372088833);
    store<f64>(narrow + at, load<f64>(narrow + at) + one);
    store<f64>(wide + at, load<f64>(wide + at) + other);
    store<f64>(totals + at, load<f64>(totals + at) + number * number);
  }
}
