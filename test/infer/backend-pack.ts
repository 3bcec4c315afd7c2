/**
 * Packs the ONNX node tests: `node bench/run.mjs test/infer/backend-pack.ts <folder of test_…> [folders of older releases]`.
 * Of an older release, newest first, come the cases that have a version of an operator which none before has.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import protobuf from 'protobufjs/light.js';
import { bigintsOf, numbersOf } from '../../src/ir/tensors/numbers.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import { isFloat, isInteger, type Type } from '../../src/ir/types.js';
import { decodeTensor, readModel } from '../../src/onnx/read.js';
import { schemaOf } from '../../src/onnx/schemas/schema.js';
import { type BackendCase, listPath, type Observed, packCases, packPath } from './backend-cases.js';
import { judge, listOf } from './backend-judge.js';

/** Contents of more elements are not kept. */
const MOST_INTEGERS = 64;
const MOST_FLOATS = 10;

/** The submessages of one field, in order. */
function submessages(bytes: Uint8Array, field: number): Uint8Array[] {
  const reader = protobuf.Reader.create(bytes);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === field && (tag & 7) === 2) found.push(Uint8Array.from(reader.bytes()));
    else reader.skipType(tag & 7);
  }
  return found;
}

/** Fields of SequenceProto and OptionalProto that hold a tensor, and a sequence. */
const TENSOR = 3;
const SEQUENCE = 5;

function observe(bytes: Uint8Array, type: Type | undefined): Observed {
  if (type?.kind === 'optional') {
    const [inner] = submessages(bytes, type.elem?.kind === 'sequence' ? SEQUENCE : TENSOR);
    return { optional: inner ? observe(inner, type.elem) : null };
  }
  if (type?.kind === 'sequence')
    return { sequence: submessages(bytes, TENSOR).map((inner) => observe(inner, type.elem)) };
  const tensor = decodeTensor(bytes);
  const { type: elem, shape } = tensor;
  const count = elementCount(shape);
  const isKept =
    isInteger(elem) || elem === 'bool'
      ? count <= MOST_INTEGERS
      : /^(b?float16|float32|float64)$/.test(elem) && count <= MOST_FLOATS;
  const numbers = !isKept ? [] : isFloat(elem) ? [...numbersOf(tensor)] : bigintsOf(tensor).map(Number);
  const isWhole = isKept && numbers.every((n) => Number.isFinite(n) && (isFloat(elem) || Number.isSafeInteger(n)));
  return { elem, shape, ...(isWhole && { numbers }) };
}

async function readCase(top: string, name: string): Promise<BackendCase> {
  const folder = join(top, name);
  const model = Uint8Array.from(readFileSync(join(folder, 'model.onnx')));
  const { graph } = await readModel(model);
  const data = join(folder, 'test_data_set_0');
  const files = new Set(readdirSync(data));
  const read = (kind: string, types: readonly (Type | undefined)[]): Observed[] =>
    types.flatMap((type, index) => {
      const file = `${kind}_${index}.pb`;
      return files.has(file) ? [observe(Uint8Array.from(readFileSync(join(data, file))), type)] : [];
    });
  return {
    name,
    model,
    inputs: read(
      'input',
      graph.inputs.map(({ type }) => type),
    ),
    outputs: read(
      'output',
      graph.outputPorts.map(({ type }) => type),
    ),
  };
}

/** Operators of a model with the version that its operator set has of them. */
async function versionsIn({ model }: BackendCase): Promise<string[]> {
  const read = await readModel(model);
  return [...read.graphs()].flatMap((graph) =>
    graph.nodes().map(({ opType, domain, opset }) => {
      const since = schemaOf(opType, domain, opset ?? 1)?.since;
      return since === undefined ? '' : `${domain}.${opType} ${since}`;
    }),
  );
}

const [top, ...older] = process.argv.slice(2);
if (!top) throw new TypeError('usage: node bench/run.mjs test/infer/backend-pack.ts <folder of test_…> [older ones]');
const namesIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.startsWith('test_'))
    .sort();
const cases = await Promise.all(namesIn(top).map((name) => readCase(top, name)));
const covered = new Set((await Promise.all(cases.map(versionsIn))).flat());
for (const folder of older)
  for (const name of namesIn(folder)) {
    // Data of early releases is not all well-formed.
    const one = await readCase(folder, name).catch(() => undefined);
    const versions = one ? await versionsIn(one) : [];
    if (!one || versions.every((version) => version === '' || covered.has(version))) continue;
    for (const version of versions) covered.add(version);
    cases.push({ ...one, name: `older: ${name}` });
  }
writeFileSync(packPath, brotliCompressSync(packCases(cases), { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } }));
const results = [];
for (const one of cases) results.push(await judge(one));
writeFileSync(listPath, listOf(results));
