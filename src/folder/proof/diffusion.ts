/** Runs a diffusion pipeline as its loader does: text encoders, Euler steps of the denoiser with guidance, VAE decoder. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { numbersOf } from '../../ir/tensors/numbers.js';
import {
  type Port,
  type Provider,
  RuntimeError,
  type RuntimeProcess,
  type Session,
  type TensorData,
  type Tensors,
} from '../../runtime/isolate.js';
import { fromTensorData } from '../../runtime/tensor-data.js';
import { Random } from '../../validate/inputs/random.js';
import { joinedStates, type Numbers, tensor, textInput } from './ports.js';
import { type SchedulerConfig, scheduleOf } from './scheduler.js';

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

/** What one model of the pipeline was given, and gave. */
export interface PartRun {
  readonly part: string;
  readonly feeds: Tensors;
  readonly outputs: Readonly<Record<string, TensorData>>;
}

export interface DiffusionRun {
  readonly runs: readonly PartRun[];
  /** After each step. */
  readonly latents: readonly Numbers[];
  /** The output of the VAE decoder. */
  readonly image?: Numbers;
}

const numbers = (data: TensorData): Numbers => ({ shape: data.shape, values: numbersOf(fromTensorData(data)) });

/** Where a pipeline is: its configs, and each of its models. */
export interface Place {
  readonly folder: string;
  readonly modelOf: (part: string) => string;
}

/** A model of the pipeline that does not run. */
export class PartFailure extends Error {
  constructor(
    readonly part: string,
    cause: RuntimeError,
  ) {
    super(cause.message, { cause });
  }
}

/** Loads a model and works with it. Rejects with PartFailure where the runtime refuses. */
export async function withPart<T>(
  runtime: RuntimeProcess,
  { modelOf }: Place,
  part: string,
  provider: Provider,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  try {
    const session = await runtime.load(modelOf(part), { provider, optimize: true });
    try {
      return await work(session);
    } finally {
      await session.release();
    }
  } catch (error) {
    throw error instanceof RuntimeError ? new PartFailure(part, error) : error;
  }
}

/** Runs the pipeline of a folder. Rejects with PartFailure. */
export async function runDiffusion(
  place: Place,
  { textEncoders, denoiser, vaeDecoder }: DiffusionParts,
  settings: DiffusionSettings,
  runtime: RuntimeProcess,
  say: (text: string) => void,
): Promise<DiffusionRun> {
  const { provider, seed } = settings;
  const runs: PartRun[] = [];
  const { folder } = place;
  const withModel = <T>(part: string, work: (session: Session) => Promise<T>): Promise<T> =>
    withPart(runtime, place, part, provider, work);
  const run = async (part: string, session: Session, feeds: Tensors): Promise<Readonly<Record<string, TensorData>>> => {
    const { outputs } = await session.run(feeds);
    runs.push({ part, feeds, outputs });
    return outputs;
  };
  const states: Numbers[] = [];
  const pooled: Numbers[] = [];
  for (const part of textEncoders) {
    say(part);
    const { vocab_size: vocabulary = 1000, max_position_embeddings: most = 77 } = await configIn(folder, part);
    await withModel(part, async (session) => {
      const sizes = {
        rows: 2,
        length: Math.min(77, Number(most)),
        vocabulary: Number(vocabulary),
        random: Random.of(seed, part),
      };
      const feeds = Object.fromEntries(session.inputs.map((port) => [port.name, textInput(port, sizes)]));
      const outputs = Object.values(await run(part, session, feeds)).map(numbers);
      const state = outputs.find(({ shape }) => shape.length === 3);
      if (state) states.push(state);
      const whole = outputs.find(({ shape }) => shape.length === 2);
      if (whole) pooled.push(whole);
    });
  }
  const schedule = scheduleOf(await jsonIn(folder, 'scheduler/scheduler_config.json'), settings.steps);
  const latents = await withModel(denoiser, async (session) => {
    const port = latentPort(session.inputs);
    // Guidance as loaders batch it: without and with the text in one run, where a batch of two is taken.
    const rows = port.shape[0] === 1 || states.length === 0 ? 1 : 2;
    const shape = port.shape
      .slice(1)
      .map((dim, i) =>
        typeof dim === 'number' ? dim : i === 0 && port.shape.length < 4 ? settings.side ** 2 : settings.side,
      );
    const random = Random.of(seed, 'latent');
    let latent: Float64Array = Float64Array.from(
      { length: shape.reduce((product, dim) => product * dim, 1) },
      () => random.normal() * schedule.start,
    );
    const found: Numbers[] = [];
    for (const [step, time] of schedule.timesteps.entries()) {
      say(`${denoiser}, step ${step + 1} of ${settings.steps}`);
      const scaled = schedule.scaled(latent, step);
      const batch = rows === 2 ? twice(scaled) : scaled;
      const given = { states, pooled, rows, time, side: settings.side, guidance: settings.guidance };
      const feeds = Object.fromEntries(
        session.inputs.map((one) => [
          one.name,
          one === port ? tensor(one, batch, [rows, ...shape]) : conditionOf(one, given),
        ]),
      );
      const [first] = Object.values(await run(denoiser, session, feeds));
      const output = numbers(first as TensorData).values;
      const [free, led] = [output.subarray(0, scaled.length), output.subarray(output.length - scaled.length)];
      const guided =
        rows === 2 ? free.map((value, i) => value + settings.guidance * ((led[i] as number) - value)) : led;
      latent = schedule.next(latent, guided, step);
      found.push({ shape: [1, ...shape], values: latent });
    }
    return found;
  });
  const last = latents.at(-1) as Numbers;
  if (vaeDecoder === undefined || last.shape.length !== 4) return { runs, latents };
  say(vaeDecoder);
  const { scaling_factor: scale = 0.18215, shift_factor: shift = 0 } = await configIn(folder, vaeDecoder);
  const image = await withModel(vaeDecoder, async (session) => {
    const [port] = session.inputs as [Port];
    const values = last.values.map((value) => value / Number(scale) + Number(shift));
    const [first] = Object.values(await run(vaeDecoder, session, { [port.name]: tensor(port, values, last.shape) }));
    return numbers(first as TensorData);
  });
  return { runs, latents, image };
}

const twice = (values: Float64Array): Float64Array => {
  const both = new Float64Array(2 * values.length);
  both.set(values);
  both.set(values, values.length);
  return both;
};

const latentPort = (ports: readonly Port[]): Port =>
  ports.find(({ name }) => /^(sample|latent|hidden_states|latent_model_input)/.test(name)) ?? (ports[0] as Port);

interface Conditions {
  readonly states: readonly Numbers[];
  readonly pooled: readonly Numbers[];
  readonly rows: number;
  readonly time: number;
  readonly side: number;
  readonly guidance: number;
}

/** An input of the denoiser that is not the latent. */
function conditionOf(port: Port, { states, pooled, rows, time, side, guidance }: Conditions): TensorData {
  const { name, shape } = port;
  const width = typeof shape.at(-1) === 'number' ? (shape.at(-1) as number) : undefined;
  const filled = (value: number): TensorData => {
    const sizes = shape.map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? rows : 1));
    return tensor(port, new Array(sizes.reduce((product, dim) => product * dim, 1)).fill(value), sizes);
  };
  if (/^(timestep|t|time)$/.test(name)) return filled(/int/.test(port.type ?? '') ? Math.round(time) : time);
  if (/^guidance/.test(name)) return filled(guidance);
  if (/encoder_hidden_states|context/.test(name) && states.length > 0)
    return rowsOf(port, joinedStates(states, width), rows);
  if (/pooled|text_embeds/.test(name) && pooled.length > 0) {
    const lifted = pooled.map(({ shape: [batch = 1, size = 1], values }) => ({ shape: [batch, 1, size], values }));
    const { shape: joined, values } = joinedStates(lifted, width);
    return rowsOf(
      port,
      {
        shape: [joined[0] as number, joined[2] as number],
        values: values.subarray(0, (joined[0] as number) * (joined[2] as number)),
      },
      rows,
    );
  }
  // Size, crop and target size of the picture, eight times the latent's.
  if (/time_ids/.test(name)) {
    const ids = [side * 8, side * 8, 0, 0, side * 8, side * 8];
    return tensor(
      port,
      Array.from({ length: rows * ids.length }, (_, i) => ids[i % ids.length] as number),
      [rows, ids.length],
    );
  }
  return filled(/mask/.test(name) ? 1 : 0);
}

/** The last rows: of two texts the second where one is asked for. */
function rowsOf(port: Port, { shape, values }: Numbers, rows: number): TensorData {
  const size = values.length / (shape[0] as number);
  return tensor(port, values.subarray(values.length - rows * size), [rows, ...shape.slice(1)]);
}

async function jsonIn(folder: string, path: string): Promise<SchedulerConfig & Readonly<Record<string, unknown>>> {
  try {
    return JSON.parse(await readFile(join(folder, path), 'utf8'));
  } catch {
    return {};
  }
}

const configIn = (folder: string, part: string) => jsonIn(folder, join(dirname(part), 'config.json'));
