/** The contract of a chain: models that run one after another, and which output feeds which input. Versioned JSON. */
import { z } from 'zod';
import { contractOf } from '../contract/contract.js';
import { portSchema } from '../contract/port.js';
import type { Graph, OutputPort } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import { freeName } from '../ir/text/free-name.js';
import type { Value } from '../ir/value.js';

/** Stands in every contract of a chain: what a file is that says so. */
const CHAIN_SCHEMA = 'onnx-passes/chain';

const part = z.number().int().describe('The number of a part, from 0.');

/** The schema of the contract of a chain. Within a version fields are added, never changed. */
export const chainSchema = z.object({
  schema: z.literal(CHAIN_SCHEMA),
  version: z.literal(1),
  parts: z
    .array(
      z.object({
        file: z.string().describe('The name of the model, beside the contract.'),
        bytes: z.number().describe('Bytes of its weights.'),
        inputs: z.array(portSchema),
        outputs: z.array(portSchema),
      }),
    )
    .describe('In the order in which they run.'),
  feeds: z
    .array(
      z.object({
        from: z.object({ part, output: z.string() }),
        to: z.object({ part, input: z.string() }),
      }),
    )
    .describe(
      'Outputs of a part, and the inputs of later parts that take them. All other inputs are those of the whole, by name.',
    ),
  outputs: z
    .array(z.object({ name: z.string(), part }))
    .describe('The outputs of the whole, and the parts that give them, under the same name.'),
});

/** How models that were cut out of one run after another: the values that each takes and gives. */
export type Chain = z.output<typeof chainSchema>;

/** The contract of models that run one after another; `crossing` are the values that go from part to part, each with the part that gives it. */
export function chainOf(
  models: readonly Model[],
  crossing: readonly { readonly name: string; readonly given: number }[],
  outputs: readonly { readonly name: string; readonly part: number }[],
  fileOf: (part: number) => string,
): Chain {
  const given = new Map(crossing.map((one) => [one.name, one.given]));
  const parts = models.map((model, part) => {
    const { inputs, outputs: own } = contractOf(model);
    const bytes = [...model.graphs()].flatMap(({ constants }) => [...constants]);
    return {
      file: fileOf(part),
      bytes: bytes.reduce((sum, { tensor }) => sum + (tensor?.byteLength ?? 0), 0),
      inputs,
      outputs: own,
    };
  });
  return {
    schema: CHAIN_SCHEMA,
    version: 1,
    parts,
    feeds: parts.flatMap(({ inputs }, part) =>
      inputs.flatMap(({ name }) => {
        const from = given.get(name);
        return from === undefined ? [] : [{ from: { part: from, output: name }, to: { part, input: name } }];
      }),
    ),
    outputs: outputs.map(({ name, part }) => ({ name, part })),
  };
}

/** Names of values that go from part to part: that of an output of the whole, or their own unless another has it. */
export function distinctNames(graph: Graph, values: readonly Value[]): Map<Value, string> {
  const taken = new Set([...graph.inputs.map(({ name }) => name), ...graph.outputPorts.map(({ name }) => name)]);
  const names = new Map<Value, string>();
  for (const value of values) {
    const port = graph.outputs.indexOf(value);
    const name =
      port < 0
        ? freeName(value.name || 'value', (one) => taken.has(one))
        : (graph.outputPorts[port] as OutputPort).name;
    taken.add(name);
    names.set(value, name);
  }
  return names;
}
