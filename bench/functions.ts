/**
 * Graph bytes by --keep-functions: `npm run bench:functions`. Models of 24 layers, generated and (where the collection is beside
 * the repository) exported ones made longer, after the passes, and after the passes with functions.
 *
 * Graph bytes are those of the written ModelProto with the numbers of all initializers left out (raw_data, the typed data fields,
 * external_data) and the metadata of model and graph: names, types and shapes of weights count, and so do tensors in attributes.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type KindName, kinds } from '../fixtures/kinds.js';
import { lengthened } from '../fixtures/lengthen.js';
import { inferTypes } from '../src/infer/index.js';
import type { Model } from '../src/ir/model.js';
import { closeRuntime } from '../src/on-demand.js';
import { decodeMessage, encodeMessage } from '../src/onnx/codec/message.js';
import type { ModelMessage, TensorMessage } from '../src/onnx/proto/messages.js';
import { readModel } from '../src/onnx/read.js';
import { writeModel } from '../src/onnx/write.js';
import { optimize } from '../src/optimize.js';
import { machineState } from './machine.js';
import { root } from './usage.js';

const LAYERS = 24;
const GENERATED: readonly KindName[] = ['encoder', 'decoder', 'dit'];
const EXPORTED = [
  'bert/ts-eager',
  'bert/dyn20',
  'gpt2/ts-sdpa',
  'gpt2/dyn20',
  'llama/ts-eager',
  'llama/dyn20',
  'qwen3/dyn23',
  't5-decoder/ts-sdpa',
  'vit/ts-eager',
  'clip-text/dyn20',
];
const PASSES = ['', 'simplify', 'simplify,fuse', 'simplify,fuse,int8', 'half'];

interface Row {
  readonly model: string;
  readonly passes: string;
  /** Graph bytes without functions, and with. */
  readonly flat: number;
  readonly kept: number;
  /** Graph bytes without the initializers' names, types and shapes. */
  readonly flatNodes: number;
  readonly keptNodes: number;
  /** The bytes of these that weights and ports take: an initializer's message, and its name in a call. */
  readonly weights: number;
  readonly functions: number;
  readonly calls: number;
  /** Nodes of the main graph besides calls. */
  readonly outside: number;
}

function withoutNumbers(bytes: Uint8Array): ModelMessage {
  const model = decodeMessage<ModelMessage>('ModelProto', bytes);
  const empty = ({ name, dims, dataType }: TensorMessage): TensorMessage => ({ name, dims, dataType });
  const graph = { ...model.graph, initializer: model.graph?.initializer?.map(empty) ?? [], metadataProps: [] };
  return { ...model, graph, metadataProps: [] };
}

const withoutInitializers = (model: ModelMessage): ModelMessage => ({
  ...model,
  graph: { ...model.graph, initializer: [] },
});

/** Bytes of a field of one message: its tag, its length and itself. */
const fieldSize = (length: number): number => 1 + (length < 128 ? 1 : length < 16384 ? 2 : 3) + length;

const bytesOf = (model: ModelMessage): number => encodeMessage('ModelProto', model).length;

function weightBytes({ graph, functions }: ModelMessage): number {
  const { initializer = [], input = [], output = [], node = [] } = graph ?? {};
  const names = new Set(initializer.map(({ name }) => name));
  const called = new Set(functions?.map(({ domain, name }) => `${domain}.${name}`));
  const of = (type: string, messages: readonly object[]) =>
    messages.reduce((sum, message) => sum + fieldSize(encodeMessage(type, message).length), 0);
  const inCalls = node
    .filter(({ domain, opType }) => called.has(`${domain}.${opType}`))
    .flatMap((call) => call.input ?? [])
    .filter((name) => names.has(name));
  return (
    of('TensorProto', initializer) +
    of('ValueInfoProto', [...input, ...output]) +
    inCalls.reduce((sum, name) => sum + fieldSize(name.length), 0)
  );
}

/** Undefined where the collection is not there, or has no layers to copy. */
async function modelOf(name: string): Promise<Model | undefined> {
  const generated = GENERATED.find((kind) => kind === name);
  // A model that is written and read back has its weights in a file.
  if (generated) {
    const { build, sizes } = kinds[generated] as { build(size: object): Model; sizes: { miniature: { size: object } } };
    return readModel(await writeModel(build({ ...sizes.miniature.size, layers: LAYERS, seed: 0 })));
  }
  const path = join(root, '../shared/zoo', name, 'model.onnx');
  if (!existsSync(path)) return undefined;
  const model = await readModel(path);
  inferTypes(model);
  // Copied layers have no metadata, so all metadata is removed.
  for (const graph of model.graphs()) {
    for (const node of graph.nodeSet) Object.assign(node, { carried: undefined, docString: '' });
    for (const value of graph.values()) value.carried = undefined;
  }
  const long = lengthened(model, LAYERS);
  return long && readModel(await writeModel(long));
}

async function measure(name: string, model: Model, passes: string): Promise<Row> {
  const run = (keepFunctions: boolean) => optimize(model, passes, { target: 'cpu', verify: 'none', keepFunctions });
  const [flat, kept] = [await run(false), await run(true)];
  const [before, after] = [
    withoutNumbers(await writeModel(flat.model)),
    withoutNumbers(await writeModel(kept.model)),
  ] as const;
  const nodes = kept.model.graph.nodes();
  const calls = nodes.filter((node) => kept.model.functionOf(node)).length;
  return {
    model: name,
    passes,
    flat: bytesOf(before),
    kept: bytesOf(after),
    flatNodes: bytesOf(withoutInitializers(before)),
    keptNodes: bytesOf(withoutInitializers(after)),
    weights: weightBytes(after),
    functions: kept.model.functions.length,
    calls,
    outside: nodes.length - calls,
  };
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ model, passes, flat, kept, flatNodes, keptNodes, weights, functions, calls, outside }) =>
    [
      model,
      passes || 'none',
      flat,
      kept,
      `**${(flat / kept).toFixed(2)}×**`,
      `**${(flatNodes / keptNodes).toFixed(2)}×**`,
      `${weights} (${((100 * weights) / kept).toFixed(0)} %)`,
      `${(flat / weights).toFixed(2)}×`,
      functions,
      calls,
      outside,
    ].join(' | '),
  );
  return [
    '| model | passes | bytes | with functions | smaller | without initializers | of them weights and ports | at most | functions | calls | other nodes |',
    `|${' --- |'.repeat(11)}`,
    ...lines.map((line) => `| ${line} |`),
  ].join('\n');
}

const rows: Row[] = [];
for (const name of [...GENERATED, ...EXPORTED]) {
  const model = await modelOf(name);
  if (model) for (const passes of PASSES) rows.push(await measure(name, model, passes));
}
await closeRuntime();
const machine = await machineState();
const date = new Date().toISOString();
const text = `Graph bytes of models of ${LAYERS} layers, without the numbers of initializers (raw_data, typed data, external_data) and the metadata of model and graph, as the passes leave them and with \`--keep-functions\`; "without initializers" is the ratio of all else: nodes, functions, types, ports. Weights and ports: initializers with name, type and shape, their names once more in the calls, inputs and outputs; no function can hold a weight, and names of weights are the file's, so this stays: "at most" is the ratio if nothing else were left. Exported models are lengthened, without metadata and doc strings, of which functions keep none of the nodes'.`;
const folder = join(root, 'bench/results');
await mkdir(folder, { recursive: true });
const base = join(folder, `${date.slice(0, 10)}-functions`);
const table = `# functions\n\n${date.slice(0, 16).replace('T', ' ')} UTC\n\n${text}\n\n${tableOf(rows)}\n`;
await writeFile(
  `${base}.json`,
  `${JSON.stringify({ version: 1, date, machine, layers: LAYERS, rows }, undefined, 2)}\n`,
);
await writeFile(`${base}.md`, table);
process.stdout.write(table);
