/**
 * What a decoding step costs with a cache of fixed length: CPU time of the process per token, against the cache that grows, both with the runtime's own
 * optimizations. `npm run bench:static-kv -- --layers 6 --length 1024`
 */
import { parseArgs } from 'node:util';
import ort from 'onnxruntime-node';
import { generate } from '../fixtures/kinds.js';
import { freeze } from '../passes/freeze.js';
import { passes } from '../passes/index.js';
import { contractOf } from '../src/contract/contract.js';
import type { Model } from '../src/ir/model.js';
import { writeModel } from '../src/onnx/write.js';
import { optimize } from '../src/optimize.js';

const { values } = parseArgs({
  options: {
    layers: { type: 'string', default: '6' },
    hidden: { type: 'string', default: '512' },
    length: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '6' },
  },
});
const [layers, hidden, length, rounds] = [values.layers, values.hidden, values.length, values.rounds].map(Number) as [
  number,
  number,
  number,
  number,
];
const size = { layers, hidden, heads: 8, kvHeads: 4, intermediate: 2 * hidden, vocabulary: 4000 };
/** Tokens of one measurement, from half of the buffers on. */
const TOKENS = 16;

type Feeds = Record<string, ort.Tensor>;
const ints = (numbers: readonly number[]) =>
  new ort.Tensor('int64', BigInt64Array.from(numbers, BigInt), [1, numbers.length]);

interface Side {
  readonly name: string;
  readonly session: ort.InferenceSession;
  readonly model: Model;
  readonly way: 'grows' | 'stays' | 'in place';
}

/** CPU milliseconds of a token. */
async function measure({ session, model, way }: Side): Promise<number> {
  const { pairs, inputs } = contractOf(model);
  const start = length / 2;
  const held = way === 'grows' ? start : length;
  let caches: Feeds = Object.fromEntries(
    pairs.map(({ input }) => {
      const dims = (inputs.find(({ name }) => name === input)?.dims ?? []).map((dim, axis) =>
        axis === 2 ? held : typeof dim === 'number' ? dim : 1,
      );
      return [input, new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims)];
    }),
  );
  const names = session.outputNames;
  const before = process.cpuUsage();
  for (let token = 0; token < TOKENS; token++) {
    const past = start + token;
    const feeds: Feeds = {
      input_ids: ints([token]),
      position_ids: ints([past]),
      attention_mask: ints(new Array<number>(way === 'grows' ? past + 1 : length).fill(1)),
      cache_position: new ort.Tensor('int64', [BigInt(past)], [1]),
      ...caches,
    };
    const own = Object.fromEntries(Object.entries(feeds).filter(([name]) => session.inputNames.includes(name)));
    const fetches =
      way === 'in place'
        ? Object.fromEntries(
            names.map((name) => [name, caches[pairs.find(({ output }) => output === name)?.input ?? ''] ?? null]),
          )
        : undefined;
    const found = fetches ? await session.run(own, fetches) : await session.run(own);
    caches = Object.fromEntries(pairs.map(({ input, output }) => [input, found[output] as ort.Tensor]));
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / TOKENS;
}

const original = generate('decoder', 'base', 1, size).model;
const one = freeze({ dims: { batch: 1, sequence: 1 } });
const made = async (list: Parameters<typeof optimize>[1]) => (await optimize(original, list, { verify: 'none' })).model;
const [grows, stays] = [await made([one]), await made([one, passes.staticKv({ length }), passes.simplify()])];
const open = async (model: Model) =>
  ort.InferenceSession.create(await writeModel(model), { intraOpNumThreads: 1, logSeverityLevel: 3 });
const [first, second] = [await open(grows), await open(stays)];
const sides: Side[] = [
  { name: 'grows', session: first, model: grows, way: 'grows' },
  { name: 'static-kv', session: second, model: stays, way: 'stays' },
  { name: 'static-kv, outputs in the inputs’ memory', session: second, model: stays, way: 'in place' },
];
const times = sides.map((): number[] => []);
for (const side of sides) await measure(side);
for (let round = 0; round < rounds; round++)
  for (const [i, side] of sides.entries()) times[i]?.push(await measure(side));
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] as number;
process.stdout.write(
  `${layers} layers of ${hidden}, ${length} places half full, one thread, ${rounds} rounds of ${TOKENS} tokens\n`,
);
for (const [i, { name }] of sides.entries()) {
  const ratios = (times[i] ?? []).map((time, round) => (times[0]?.[round] as number) / time);
  process.stdout.write(
    `${name}: ${median(times[i] ?? []).toFixed(2)} ms of CPU a token, ${median(ratios).toFixed(2)}×\n`,
  );
}
