/** Runs decoders as their loaders do: an encoder where there is one, the first step, and then a token at a time on the cache. */
import { type ProgressListener, paceOf } from '../../../ir/text/progress.js';
import type { Provider, RuntimeProcess, TensorData, Tensors } from '../../../runtime/isolate.js';
import { Random } from '../../../validate/inputs/random.js';
import { type LoaderConfig, type Numbers, numbers, type PartRun, type Place } from '../place.js';
import { type LoadedPart, RecordedParts } from '../proof-run.js';
import { decoderFeed, encoderFeed, isPast, sizeIn } from './feeds.js';

/** The models of a decoder, by path in its folder. */
export interface DecoderLoop {
  readonly encoder?: string;
  readonly first: string;
  /** The model of all later steps: that of the first, if it is merged, takes a cache, or has none. */
  readonly next: string;
}

export interface DecodingSettings {
  readonly provider: Provider;
  readonly steps: number;
  readonly rows: number;
  /** Tokens of a prompt where there is no encoder. */
  readonly prompt: number;
  /** Of the original, for both sides: it says which tokens there are. */
  readonly config: LoaderConfig;
  readonly seed: number;
}

export interface DecodingRun {
  readonly runs: readonly PartRun[];
  /** After each step, the logits of the next token: [rows, vocabulary]. */
  readonly logits: readonly Numbers[];
  /** The likeliest tokens, by step and row. */
  readonly tokens: readonly (readonly number[])[];
}

/** Runs the loop. `given` are the tokens that it reads in place of its own, by step and row. Rejects with PartFailure. */
export async function runDecoding(
  place: Place,
  loop: DecoderLoop,
  settings: DecodingSettings,
  runtime: RuntimeProcess,
  say: ProgressListener,
  given?: DecodingRun['tokens'],
): Promise<DecodingRun> {
  const { provider, seed, rows, steps, config } = settings;
  const parts = new RecordedParts(place, provider, runtime);
  const vocabulary = sizeIn(config, 'vocab_size', 'decoder') ?? 100;
  const states =
    loop.encoder === undefined
      ? undefined
      : await parts.load(loop.encoder, async ({ part, inputs, run }) => {
          say(part);
          const random = Random.of(seed, 'encoder');
          const feeds = inputs.map((port) => [port.name, encoderFeed(port, rows, vocabulary, config, random)]);
          const outputs = await run(Object.fromEntries(feeds));
          return Object.values(outputs).find(({ shape }) => shape.length === 3);
        });
  const random = Random.of(seed, 'prompt');
  const start = sizeIn(config, 'decoder_start_token_id', 'decoder') ?? 0;
  const isAlone = loop.encoder === undefined;
  let tokens = Array.from({ length: rows }, () =>
    isAlone ? Array.from({ length: settings.prompt }, () => random.int(1, vocabulary - 1)) : [start],
  );
  const logits: Numbers[] = [];
  const chosen: number[][] = [];
  let cache: Tensors = {};
  let before = 0;
  const pace = paceOf(steps);
  const step = async ({ part, inputs, run }: LoadedPart): Promise<void> => {
    say(part, pace(chosen.length));
    const state = { tokens, before, cache, random: Random.of(seed, 'states'), ...(states && { states }) };
    const feeds = Object.fromEntries(inputs.map((port) => [port.name, decoderFeed(port, state)]));
    const outputs = await run(feeds);
    const last = lastLogits(outputs);
    logits.push(last);
    const best = likeliest(last);
    const read = given?.[chosen.length] ?? best;
    chosen.push(best);
    cache = { ...cache, ...pastOf(outputs, cache) };
    const isCached = Object.keys(cache).length > 0;
    if (isCached) before += tokens[0]?.length ?? 0;
    tokens = read.map((token, row) => (isCached ? [token] : [...(tokens[row] as number[]), token]));
  };
  await parts.load(loop.first, async (model) => {
    await step(model);
    if (loop.next === loop.first) while (chosen.length < steps) await step(model);
  });
  if (loop.next !== loop.first)
    await parts.load(loop.next, async (model) => {
      while (chosen.length < steps) await step(model);
    });
  return { runs: parts.runs, logits, tokens: chosen };
}

/** The logits of the last token of each row. */
function lastLogits(outputs: PartRun['outputs']): Numbers {
  const named = outputs['logits'] ?? Object.values(outputs).find(({ shape }) => shape.length === 3);
  if (!named) return { shape: [0, 0], values: new Float64Array() };
  const { shape, values } = numbers(named);
  const [rows = 1, length = 1, width = 1] = shape;
  const last = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++)
    last.set(values.subarray((row * length + length - 1) * width, (row + 1) * length * width), row * width);
  return { shape: [rows, width], values: last };
}

function likeliest({ shape: [rows = 0, width = 0], values }: Numbers): number[] {
  return Array.from({ length: rows }, (_, row) => {
    const own = values.subarray(row * width, (row + 1) * width);
    return own.reduce((best, value, i) => (value > (own[best] as number) ? i : best), 0);
  });
}

/** What the next step reads as its cache. Merged decoders give an empty cache of the encoder after the first step: the earlier one stays. */
function pastOf(outputs: PartRun['outputs'], cache: Tensors): Record<string, TensorData> {
  const found: Record<string, TensorData> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    const input = name.replace(/^present(_key_values)?/, 'past_key_values');
    if (input === name || !isPast(input)) continue;
    const earlier = cache[input];
    if (earlier && tensor.shape.includes(0) && !earlier.shape.includes(0)) continue;
    found[input] = tensor;
  }
  return found;
}
