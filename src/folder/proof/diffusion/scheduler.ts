/**
 * The noise schedule of a pipeline, from its scheduler_config.json, and Euler's step along it: what diffusers' EulerDiscreteScheduler and
 * FlowMatchEulerDiscreteScheduler compute. Schedulers of other steps over the same noise (PNDM, DDIM, DPM-Solver) are run by Euler's.
 * Source: Karras et al. 2022, algorithm 2 without churn; Lipman et al. 2023 for flow matching.
 */

export interface SchedulerConfig {
  readonly _class_name?: string;
  readonly num_train_timesteps?: number;
  readonly beta_start?: number;
  readonly beta_end?: number;
  readonly beta_schedule?: string;
  readonly prediction_type?: string;
  readonly shift?: number;
}

export interface Schedule {
  /** One for each step: what the denoiser is told. */
  readonly timesteps: readonly number[];
  /** The standard deviation of the latent at the start. */
  readonly start: number;
  /** What the denoiser reads of a latent at a step. */
  scaled(latent: Float64Array, step: number): Float64Array;
  /** The latent after a step, by the denoiser's output. */
  next(latent: Float64Array, output: Float64Array, step: number): Float64Array;
}

/** The schedule of `steps` steps. */
export function scheduleOf(config: SchedulerConfig, steps: number): Schedule {
  return /flow/i.test(config._class_name ?? '') ? flow(config, steps) : diffusion(config, steps);
}

/** x moves in a straight line from noise to picture, and the model gives the direction: sigma is its share of noise. */
function flow({ num_train_timesteps: train = 1000, shift = 1 }: SchedulerConfig, steps: number): Schedule {
  const sigmas = Array.from({ length: steps }, (_, i) => 1 - (i * (1 - 1 / train)) / Math.max(1, steps - 1)).map(
    (sigma) => (shift * sigma) / (1 + (shift - 1) * sigma),
  );
  return {
    timesteps: sigmas.map((sigma) => sigma * train),
    start: 1,
    scaled: (latent) => latent,
    next: (latent, output, step) => along(latent, output, (sigmas[step + 1] ?? 0) - (sigmas[step] as number)),
  };
}

/** x is picture plus noise of standard deviation sigma; the model gives the noise, or a mixture of both (v). */
function diffusion(config: SchedulerConfig, steps: number): Schedule {
  const all = sigmasOf(config);
  const timesteps = Array.from(
    { length: steps },
    (_, i) => ((all.length - 1) * (steps - 1 - i)) / Math.max(1, steps - 1),
  );
  const sigmas = timesteps.map((time) => {
    const [low, share] = [Math.floor(time), time % 1];
    return (all[low] as number) * (1 - share) + (all[Math.ceil(time)] as number) * share;
  });
  const sigmaAt = (step: number): number => sigmas[step] ?? 0;
  return {
    timesteps,
    start: Math.sqrt(sigmaAt(0) ** 2 + 1),
    scaled: (latent, step) => latent.map((value) => value / Math.sqrt(sigmaAt(step) ** 2 + 1)),
    next(latent, output, step) {
      const sigma = sigmaAt(step);
      const slope = latent.map((value, i) => {
        const given = output[i] as number;
        if (config.prediction_type === 'sample') return (value - given) / sigma;
        if (config.prediction_type !== 'v_prediction') return given;
        const picture = (-sigma / Math.sqrt(sigma ** 2 + 1)) * given + value / (sigma ** 2 + 1);
        return (value - picture) / sigma;
      });
      return along(latent, slope, sigmaAt(step + 1) - sigma);
    },
  };
}

const along = (latent: Float64Array, slope: Float64Array, width: number): Float64Array =>
  latent.map((value, i) => value + width * (slope[i] as number));

/** The noise at every time of training, the least first: √((1 − ᾱ) / ᾱ), ᾱ the product of 1 − β. */
function sigmasOf({
  num_train_timesteps: count = 1000,
  beta_start: from = 0.00085,
  beta_end: to = 0.012,
  beta_schedule: kind = 'scaled_linear',
}: SchedulerConfig): number[] {
  let product = 1;
  return Array.from({ length: count }, (_, i) => {
    const share = i / Math.max(1, count - 1);
    const beta =
      kind === 'linear'
        ? from + (to - from) * share
        : (Math.sqrt(from) + (Math.sqrt(to) - Math.sqrt(from)) * share) ** 2;
    product *= 1 - beta;
    return Math.sqrt((1 - product) / product);
  });
}
