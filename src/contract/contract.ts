/** The contract of a model: the names, types and dims of its ports, and what they stand for. Versioned JSON. */

import { z } from 'zod';
import { inferTypes } from '../infer/index.js';
import { dimText } from '../ir/dims/dims.js';
import { isUnknown } from '../ir/dims/symbols.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import { recordOf } from '../ir/options/record-schema.js';
import type { Type } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { cloneModel } from '../ir/whole-model/clone.js';
import { rangesOf } from '../ir/whole-model/ranges.js';
import { cacheSchema, notedCache } from './cache.js';
import { feedbackPairs } from './pairs.js';
import { type ContractPort, portSchema } from './port.js';
import { imageSchema, notedPorts } from './ports.js';
import { allStructures, notedStructures, structureSchema } from './structure.js';

/** Stands in every contract: what a file is that says so. */
export const CONTRACT_SCHEMA = 'onnx-passes/contract';

const structures = recordOf(structureSchema);

/** The schema of the contract. Within a version fields are added, never changed. */
export const contractSchema = z.object({
  schema: z.literal(CONTRACT_SCHEMA),
  version: z.literal(1),
  model: z
    .object({ file: z.string(), sha256: z.string() })
    .optional()
    .describe(
      'The file that it is the contract of, beside it: its name, and its SHA-256 in hexadecimal. A file with another has another contract.',
    ),
  inputs: z.array(portSchema),
  outputs: z.array(portSchema),
  dims: recordOf(z.object({ min: z.number().int(), max: z.number().int(), step: z.number().int() }))
    .optional()
    .describe('The sizes that a dim with a name may have, by its name: from min to max, in steps from min on.'),
  structure: z
    .object({ inputs: structures, outputs: structures })
    .describe('The inputs and outputs as they were before.'),
  pairs: z
    .array(z.object({ output: z.string(), input: z.string() }))
    .describe(
      'Outputs to be fed back in the next run, and the inputs that take them: the cache of a decoder, the state of a recurrent model.',
    ),
  image: imageSchema.optional().describe('Of a model that takes pictures as bytes: how to feed it.'),
  cache: cacheSchema.optional().describe('Of a decoder whose cache has a fixed length: where its tokens go.'),
});

/** What a caller of a model may rely on: its inputs and outputs with types, dims and structures, and outputs that feed inputs. */
export type Contract = z.output<typeof contractSchema>;

/** The contract of a model, flattened or not. Types are inferred on a copy. */
export function contractOf(model: Model): Contract {
  const copy = cloneModel(model);
  inferTypes(copy);
  const { graph } = copy;
  const inputs = graph.inputs
    .filter(({ tensor }) => !tensor)
    .map(
      (input): ContractPort => ({
        name: input.name,
        ...typeOf(input.type),
        ...(input.defaultTensor && { optional: true }),
      }),
    );
  const outputs = graph.outputPorts.map(
    (port, index): ContractPort => ({
      name: port.name,
      ...typeOf(knownType(graph.outputs[index]?.type, port.type)),
      ...originOf(graph, index),
    }),
  );
  const dims = rangesOf(model);
  const noted = notedStructures(model);
  const cache = notedCache(model);
  const { image } = notedPorts(model);
  const [inputNames, outputNames] = [inputs, outputs].map((ports) => ports.map(({ name }) => name)) as [
    string[],
    string[],
  ];
  return {
    schema: CONTRACT_SCHEMA,
    version: 1,
    inputs,
    outputs,
    ...(Object.keys(dims).length > 0 && { dims }),
    structure: { inputs: allStructures(inputNames, noted.inputs), outputs: allStructures(outputNames, noted.outputs) },
    pairs: feedbackPairs(inputs, outputs),
    ...(image && { image }),
    ...(cache && { cache }),
  };
}

/** What is inferred, unless only the declared type has dims. */
const knownType = (inferred: Type | undefined, declared: Type | undefined): Type | undefined =>
  inferred === undefined || (inferred.kind === 'tensor' && !inferred.shape) ? (declared ?? inferred) : inferred;

function typeOf(type: Type | undefined): Pick<ContractPort, 'type' | 'dims'> {
  if (type?.kind !== 'tensor') return { type: type?.kind ?? 'unknown', dims: null };
  return {
    type: type.elem,
    dims: type.shape?.map((dim) => (typeof dim === 'number' ? dim : isUnknown(dim) ? null : dimText(dim))) ?? null,
  };
}

/** What an output is that computes nothing of its own. */
function originOf(graph: Graph, index: number): Pick<ContractPort, 'same' | 'constant'> {
  const values = graph.outputs.map(behindIdentity);
  const value = values[index] as Value;
  const first = values.indexOf(value);
  if (value.isConstant) return { constant: true };
  if (value.isInput) return { same: value.name };
  return first < index ? { same: graph.outputPorts[first]?.name } : {};
}

function behindIdentity(value: Value): Value {
  let source = value;
  while (source.producer?.is('Identity') && source.producer.inputs[0]) source = source.producer.inputs[0];
  return source;
}
