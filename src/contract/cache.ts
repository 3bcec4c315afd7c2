/** What a model's metadata says of a cache of fixed length: the pass `static-kv` notes it, the contract and the comparison read it. */
import { z } from 'zod';
import type { Model } from '../ir/model.js';
import { noteIn, setNote } from '../ir/whole-model/notes.js';

/** The metadata key. */
const CACHE_KEY = 'onnx-passes.cache';

const port = z.string().describe('The name of a graph input or output.');

export const cacheSchema = z.object({
  length: z.number().int().describe('Tokens that the buffers hold.'),
  position: port.describe(
    'The input, int64[1], that tells how many tokens the buffers hold: where the next are written.',
  ),
  buffers: z
    .array(z.object({ input: port, output: port, axis: z.number().int() }))
    .describe(
      'Buffers and the outputs that hold them with the new tokens in place; `axis` counts tokens. An output may be given the memory of its input.',
    ),
  masks: z
    .array(z.object({ input: port, axis: z.number().int() }))
    .describe('Masks over all places of the buffers; what they hold behind the newest token does not matter.'),
  added: z
    .union([z.number().int(), z.object({ input: port, axis: z.number().int() })])
    .describe('How many tokens a run adds: a number, or the size of an input.'),
});

export type Cache = z.output<typeof cacheSchema>;

/** What is noted of a model whose ports are still there; undefined where nothing is. */
export function notedCache(model: Model): Cache | undefined {
  const { data } = cacheSchema.safeParse(noteIn(model, CACHE_KEY));
  const [inputs, outputs] = [model.graph.inputs, model.graph.outputPorts].map(
    (ports) => new Set(ports.map(({ name }) => name)),
  ) as [Set<string>, Set<string>];
  const isThere =
    data &&
    inputs.has(data.position) &&
    data.buffers.every(({ input, output }) => inputs.has(input) && outputs.has(output));
  return isThere ? data : undefined;
}

export const noteCache = (model: Model, cache: Cache): void => setNote(model, CACHE_KEY, cache);
