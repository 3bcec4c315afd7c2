/** Runs a diffusion pipeline as its loader does: text encoders, Euler steps of the denoiser with guidance, VAE decoder. */
import { dirname, join } from 'node:path';
import { elementCount } from '../../../ir/tensors/tensor.js';
import { type ProgressListener, paceOf } from '../../../ir/text/progress.js';
import type { Port, Provider, RuntimeProcess, TensorData } from '../../../runtime/isolate.js';
import { Random } from '../../../validate/inputs/random.js';
import { jsonIn, type Numbers, numbers, type PartRun, type Place, tensor } from '../place.js';
import { RecordedParts } from '../proof-run.js';
import { conditionOf } from './conditions.js';
import { textInput } from './ports.js';
import { scheduleOf } from './scheduler.js';

const configIn = (folder: string, part: string) => jsonIn(folder, join(dirname(part), 'config.json'));

/** The models of a pipeline, by path in its folder. */
export interface DiffusionParts {
  readonly textEncoders: readonly string[];
  readonly denoiser: string;
  readonly vaeDecoder?: string;
}

export interface DiffusionSettings {
  readonly provider: Provider;
  readonly steps: number;
  /** Sides of the latent, where the model leaves them open. */
  readonly side: number;
  readonly seed: number;
  readonly guidance: number;
}

export interface DiffusionRun {
  readonly runs: readonly PartRun[];
  /** After each step. */
  readonly latents: readonly Numbers[];
  /** The output of the VAE decoder. */
  readonly image?: Numbers;
}

/** Runs the pipeline of a folder. Rejects with PartFailure. */
export async function runDiffusion(
  place: Place,
  { textEncoders, denoiser, vaeDecoder }: DiffusionParts,
  settings: DiffusionSettings,
  runtime: RuntimeProcess,
  say: ProgressListener,
): Promise<DiffusionRun> {
  const { provider, seed } = settings;
  const { folder } = place;
  const parts = new RecordedParts(place, provider, runtime);
  const { runs } = parts;
  const states: Numbers[] = [];
  const pooled: Numbers[] = [];
  for (const part of textEncoders) {
    say(part);
    const { vocab_size: vocabulary = 1000, max_position_embeddings: most = 77 } = await configIn(folder, part);
    await parts.load(part, async ({ inputs, run }) => {
      const sizes = {
        rows: 2,
        length: Math.min(77, Number(most)),
        vocabulary: Number(vocabulary),
        random: Random.of(seed, part),
      };
      const feeds = Object.fromEntries(inputs.map((port) => [port.name, textInput(port, sizes)]));
      const outputs = Object.values(await run(feeds)).map(numbers);
      const state = outputs.find(({ shape }) => shape.length === 3);
      if (state) states.push(state);
      const whole = outputs.find(({ shape }) => shape.length === 2);
      if (whole) pooled.push(whole);
    });
  }
  const schedule = scheduleOf(await jsonIn(folder, 'scheduler/scheduler_config.json'), settings.steps);
  const latents = await parts.load(denoiser, async ({ inputs, run }) => {
    const port = latentPort(inputs);
    // Guidance as loaders batch it: without and with the text in one run, where a batch of two is taken.
    const rows = port.shape[0] === 1 || states.length === 0 ? 1 : 2;
    const shape = port.shape
      .slice(1)
      .map((dim, i) =>
        typeof dim === 'number' ? dim : i === 0 && port.shape.length < 4 ? settings.side ** 2 : settings.side,
      );
    const random = Random.of(seed, 'latent');
    let latent: Float64Array = Float64Array.from(
      { length: elementCount(shape) },
      () => random.normal() * schedule.start,
    );
    const found: Numbers[] = [];
    const pace = paceOf(settings.steps);
    for (const [step, time] of schedule.timesteps.entries()) {
      say(denoiser, pace(step));
      const scaled = schedule.scaled(latent, step);
      const batch = rows === 2 ? twice(scaled) : scaled;
      const given = { states, pooled, rows, time, side: settings.side, guidance: settings.guidance };
      const feeds = Object.fromEntries(
        inputs.map((one) => [one.name, one === port ? tensor(one, batch, [rows, ...shape]) : conditionOf(one, given)]),
      );
      const [first] = Object.values(await run(feeds));
      const output = numbers(first as TensorData).values;
      const [free, led] = [output.subarray(0, scaled.length), output.subarray(output.length - scaled.length)];
      const guided =
        rows === 2 ? free.map((value, i) => value + settings.guidance * ((led[i] as number) - value)) : led;
      latent = schedule.next(latent, guided, step);
      found.push({ shape: [1, ...shape], values: latent });
    }
    return found;
  });
  const last = unpacked(latents.at(-1) as Numbers);
  if (vaeDecoder === undefined || last.shape.length !== 4) return { runs, latents };
  say(vaeDecoder);
  const { scaling_factor: scale = 0.18215, shift_factor: shift = 0 } = await configIn(folder, vaeDecoder);
  const image = await parts.load(vaeDecoder, async ({ inputs, run }) => {
    const [port] = inputs as readonly [Port];
    const values = last.values.map((value) => value / Number(scale) + Number(shift));
    const [first] = Object.values(await run({ [port.name]: tensor(port, values, last.shape) }));
    return numbers(first as TensorData);
  });
  return { runs, latents, image };
}

/** Patches of 2 × 2 numbers in a row, as Flux's denoiser reads them ⟶ a picture: [1, h/2 · w/2, 4 · c] ⟶ [1, c, h, w]. Other latents stay. */
function unpacked(latent: Numbers): Numbers {
  const [, count = 0, width = 0] = latent.shape;
  const rows = Math.sqrt(count);
  if (latent.shape.length !== 3 || width % 4 !== 0 || !Number.isInteger(rows)) return latent;
  const [channels, side] = [width / 4, 2 * rows];
  const values = new Float64Array(latent.values.length);
  for (let i = 0; i < values.length; i++) {
    const [patch, inside] = [Math.floor(i / width), i % width];
    const [channel, place] = [Math.floor(inside / 4), inside % 4];
    const row = 2 * Math.floor(patch / rows) + Math.floor(place / 2);
    values[(channel * side + row) * side + 2 * (patch % rows) + (place % 2)] = latent.values[i] as number;
  }
  return { shape: [1, channels, side, side], values };
}

const twice = (values: Float64Array): Float64Array => {
  const both = new Float64Array(2 * values.length);
  both.set(values);
  both.set(values, values.length);
  return both;
};

const latentPort = (ports: readonly Port[]): Port =>
  ports.find(({ name }) => /^(sample|latent|hidden_states|latent_model_input)/.test(name)) ?? (ports[0] as Port);
