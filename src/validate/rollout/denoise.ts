/** Runs denoisers: Euler steps from noise to a picture, each side along its own outputs. */
import type { TensorData, Tensors } from '../../runtime/isolate.js';
import { type Distance, distanceOf, type ModelRunner, numbers, RolloutEnd, withNumbers } from './model-runner.js';
import type { DenoisePlan } from './plan.js';

/** The comparison of the last latents. The peak is the range of the original's. */
export interface Denoised {
  psnr: number;
}

/**
 * x ← x + (σᵢ₊₁ − σᵢ)·output, where σ falls from 1 to 0 in `count` equal parts. It is a sampler's arithmetic and not a
 * model's own schedule, which the file does not hold. Outputs of twice the channels hold a variance behind the
 * prediction.
 */
export async function* denoiseSteps(
  original: ModelRunner,
  result: ModelRunner,
  { latent, timestep, output }: DenoisePlan,
  inputs: Tensors,
  count: number,
  last: Denoised,
): AsyncGenerator<Distance, void> {
  const start = inputs[latent]!;
  const time = inputs[timestep]!;
  // Some exporters multiply the time by 1000 inside.
  const whole = numbers(time).every((value) => value > 0 && value <= 1) && /float/.test(time.type) ? 1 : 1000;
  let latents: [TensorData, TensorData] = [start, start];
  for (let step = 0; step < count; step++) {
    const [sigma, next] = [1 - step / count, 1 - (step + 1) / count];
    const feeds = { ...inputs, [timestep]: withNumbers(time, numbers(time).fill(atLeastOne(time, sigma * whole))) };
    const a = await original({ ...feeds, [latent]: latents[0] });
    const b = await result({ ...feeds, [latent]: latents[1] });
    latents = [stepped(latents[0], a[output]!, next - sigma), stepped(latents[1], b[output]!, next - sigma)];
    last.psnr = psnrOf(...latents);
    yield distanceOf(output, ...latents);
  }
}

const atLeastOne = ({ type }: TensorData, value: number): number =>
  /float/.test(type) ? value : Math.max(1, Math.round(value));

/** A step along the prediction, which has the latent's shape or twice its channels. */
function stepped(latent: TensorData, output: TensorData, width: number): TensorData {
  const [x, y] = [numbers(latent), numbers(output)];
  const [batch = 1, channels = 1, ...rest] = output.shape;
  const isSame = String(output.shape) === String(latent.shape);
  const isDouble = String(output.shape) === String([batch, 2 * (latent.shape[1] ?? 0), ...latent.shape.slice(2)]);
  if (!isSame && !isDouble)
    throw new RolloutEnd(
      'original',
      'ports',
      `its output of [${output.shape}] is no step for a latent of [${latent.shape}]`,
    );
  const size = channels * rest.reduce((product, dim) => product * dim, 1);
  const kept = isSame ? size : size / 2;
  return withNumbers(
    latent,
    x.map((value, i) => value + width * y[Math.floor(i / kept) * size + (i % kept)]!),
  );
}

function psnrOf(original: TensorData, result: TensorData): number {
  const [a, b] = [numbers(original), numbers(result)];
  let [low, high, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  a.forEach((value, i) => {
    low = Math.min(low, value);
    high = Math.max(high, value);
    squares += (value - b[i]!) ** 2;
  });
  return squares === 0 ? Number.POSITIVE_INFINITY : 20 * Math.log10((high - low) / Math.sqrt(squares / a.length));
}
