/**
 * What the tensors of a flattened model stand for. A model says it in its metadata, for those outputs and inputs alone that
 * were not one tensor each; names, types and dims are the model's own.
 */

import { z } from 'zod';
import { named, under } from '../ir/collections/named.js';
import type { Model } from '../ir/model.js';
import { recordOf } from '../ir/options/record-schema.js';
import { noteIn, setNote } from '../ir/whole-model/notes.js';

/** A value as it was, in terms of the ports that it is made of. */
export type Structure =
  /** The tensor of one port. `was`: its element type before it was cast to one that JavaScript holds. */
  | { readonly kind: 'tensor'; readonly port: string; readonly was?: string | undefined }
  /** A sequence of as many elements in every run. */
  | { readonly kind: 'list'; readonly items: readonly Structure[] }
  /** A sequence of elements of one shape: the slices of the port along its first axis. */
  | { readonly kind: 'stack'; readonly port: string }
  /**
   * A sequence of elements of any shapes: their numbers one after another, and `shapes`, a row for each element. With `ranks`, which
   * says how many dims each element has, the shapes stand one after another too.
   */
  | { readonly kind: 'packed'; readonly port: string; readonly shapes: string; readonly ranks?: string | undefined }
  /** There or not, as the bool of the port `present` says. Where it is not, the ports of `value` hold nothing of meaning. */
  | { readonly kind: 'optional'; readonly present: string; readonly value: Structure }
  /** An optional that is never there: it has no port. */
  | { readonly kind: 'absent' }
  /** A map from class labels to numbers for each row of the port; int64 labels beyond 2^53 are text. */
  | {
      readonly kind: 'maps';
      readonly port: string;
      readonly keys: 'int64' | 'string';
      readonly labels: readonly (number | string)[];
    }
  /** Several outputs by the parts of their names. */
  | { readonly kind: 'dict'; readonly entries: Readonly<Record<string, Structure>> };

const port = z.string().describe('The name of a graph input or output.');

/** The schema of Structure. */
export const structureSchema: z.ZodType<Structure> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('tensor'), port, was: z.string().optional() }),
    z.object({ kind: z.literal('list'), items: z.array(structureSchema) }),
    z.object({ kind: z.literal('stack'), port }),
    z.object({ kind: z.literal('packed'), port, shapes: port, ranks: port.optional() }),
    z.object({ kind: z.literal('optional'), present: port, value: structureSchema }),
    z.object({ kind: z.literal('absent') }),
    z.object({
      kind: z.literal('maps'),
      port,
      keys: z.enum(['int64', 'string']),
      labels: z.array(z.union([z.number(), z.string()])),
    }),
    z.object({ kind: z.literal('dict'), entries: recordOf(structureSchema) }),
  ]),
);

/** Structures by the name of the output or input that they are. */
export type Structures = Readonly<Record<string, Structure>>;

/** What a model's metadata holds. */
const noteSchema = z.object({
  version: z.literal(1),
  inputs: recordOf(structureSchema),
  outputs: recordOf(structureSchema),
  left: z.array(z.string()).optional().describe('Outputs that were left out on purpose.'),
});

/** The metadata key. */
const CONTRACT_KEY = 'onnx-passes.contract';

/** The ports that a structure is made of, in order. */
export function portsOf(structure: Structure): string[] {
  switch (structure.kind) {
    case 'list':
      return structure.items.flatMap(portsOf);
    case 'dict':
      return Object.values(structure.entries).flatMap(portsOf);
    case 'optional':
      return [...portsOf(structure.value), structure.present];
    case 'packed':
      return [structure.port, structure.shapes, ...(structure.ranks === undefined ? [] : [structure.ranks])];
    case 'absent':
      return [];
    default:
      return [structure.port];
  }
}

/** What is noted of a model. */
interface NotedStructures {
  readonly inputs: Structures;
  readonly outputs: Structures;
  /** Outputs that were left out on purpose. */
  readonly left: readonly string[];
}

/** What the metadata says, of what is still there: a structure that lost a port is none any more. */
export function notedStructures(model: Model): NotedStructures {
  const noted = noteSchema.safeParse(noteIn(model, CONTRACT_KEY));
  if (!noted.success) return { inputs: {}, outputs: {}, left: [] };
  const [inputs, outputs] = [model.graph.inputs, model.graph.outputPorts].map(
    (ports) => new Set(ports.map(({ name }) => name)),
  ) as [Set<string>, Set<string>];
  return {
    inputs: whole(noted.data.inputs, inputs),
    outputs: whole(noted.data.outputs, outputs),
    left: noted.data.left ?? [],
  };
}

const whole = (structures: Structures, ports: ReadonlySet<string>): Structures =>
  Object.fromEntries(Object.entries(structures).filter(([, one]) => portsOf(one).every((name) => ports.has(name))));

/** Notes it in the metadata; changes nothing where the same is noted already. */
export function noteStructures(model: Model, { inputs, outputs, left }: NotedStructures): void {
  const isEmpty = Object.keys(inputs).length + Object.keys(outputs).length + left.length === 0;
  const note = { version: 1, inputs, outputs, ...(left.length > 0 && { left }) };
  setNote(model, CONTRACT_KEY, isEmpty ? undefined : note);
}

/** A structure that its port's name and type say already. */
export const isPlain = (name: string, one: Structure): boolean =>
  one.kind === 'tensor' && one.port === name && one.was === undefined;

/** What all the ports stand for, in their order; what has no port comes last. */
export function allStructures(ports: readonly string[], noted: Structures): Structures {
  const owner = new Map(
    Object.entries(noted).flatMap(([name, one]) => portsOf(one).map((port) => [port, name] as const)),
  );
  const found = named<Structure>();
  for (const port of ports) {
    const name = owner.get(port) ?? port;
    found[name] ??= under(noted, name) ?? { kind: 'tensor', port };
  }
  return { ...found, ...Object.fromEntries(Object.entries(noted).filter(([name]) => !(name in found))) };
}
