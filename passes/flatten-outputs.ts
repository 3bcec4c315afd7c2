/**
 * flatten-outputs: after it every output and input is a tensor that JavaScript can hold.
 *
 * ZipMap(p) ⟶ p · SequenceConstruct(a, b) ⟶ a, b · Optional(x) ⟶ x. Sequences whose length only a run tells become one
 * stacked tensor, or, where shapes differ, their numbers in a row and their shapes. What the tensors stand for is noted
 * in the model's metadata: the contract and `unflatten` read it there.
 */

import { z } from 'zod';
import {
  allStructures,
  isPlain,
  notedStructures,
  noteStructures,
  portsOf,
  type Structure,
  type Structures,
} from '../src/contract/structure.js';
import { inferTypes } from '../src/infer/index.js';
import { named } from '../src/ir/collections/named.js';
import type { Model } from '../src/ir/model.js';
import { UsageError, unknownText } from '../src/ir/text/usage-error.js';
import { definePass, type PassContext } from '../src/run/pass.js';
import { castPorts } from './outputs/casts.js';
import { grouped } from './outputs/choose.js';
import { FormRefusal } from './outputs/form.js';
import { replaceInput } from './outputs/inputs.js';
import { aboutStructure } from './outputs/ports.js';
import { flattenPorts } from './outputs/select.js';
import { passSettings } from './settings.js';

export const flattenOutputs = definePass({
  name: 'flatten-outputs',
  aliases: ['return-tuple'],
  summary:
    'Makes tensors of outputs and inputs that are none: maps, sequences, optionals, types that JavaScript lacks.',
  fidelity: 'exact',
  needs: ['types'],
  options: z.object({
    outputs: passSettings.outputs.schema.default([]).describe('Names or globs of the outputs that stay; ! takes away.'),
    group: z.array(z.string()).default([]).describe('Globs of outputs that unflatten puts together by their names.'),
    lengths: z.array(z.string()).default([]).describe('Lengths of sequence inputs, as name=3.'),
  }),
  run(model, { outputs, group, lengths }, context) {
    const { revision } = model;
    const noted = notedStructures(model);
    const inputs = { ...noted.inputs, ...replaceInputs(model, lengths, context) };
    const made = flattenPorts(model, outputs, noted, context);
    const cast = castPorts(model, context);
    const names = model.graph.outputPorts.map(({ name }) => name);
    const structures = allStructures(names, withTypes(made.outputs, cast.outputs));
    noteStructures(model, {
      inputs: withTypes(inputs, cast.inputs),
      outputs: special(group.length ? grouped(structures, group) : structures),
      left: made.left,
    });
    if (model.revision !== revision) inferTypes(model);
  },
});

/** Replaces inputs that are no tensors; returns their structures for the metadata. */
function replaceInputs(model: Model, lengths: readonly string[], context: PassContext): Structures {
  const { graph } = model;
  const given = lengthsOf(lengths, model);
  const structures = named<Structure>();
  const inputs = [...graph.inputs].flatMap((input) => {
    try {
      const replaced = replaceInput(model, input, given.get(input.name));
      if (!replaced) return [input];
      structures[input.name] = replaced.structure;
      context.note(`input "${input.name}" is ${aboutStructure(replaced.structure)}`);
      return replaced.inputs;
    } catch (error) {
      if (!(error instanceof FormRefusal)) throw error;
      context.skip(error.reason, error.at);
      return [input];
    }
  });
  if (Object.keys(structures).length > 0) {
    graph.setInputs(inputs);
    inferTypes(model);
  }
  return structures;
}

/** `x=3` by name. Throws UsageError for another form, and for a name that is no sequence input. */
function lengthsOf(lengths: readonly string[], model: Model): ReadonlyMap<string, number> {
  const { inputs } = notedStructures(model);
  const known = [
    ...model.graph.inputs.filter(({ type }) => type?.kind !== 'tensor').map(({ name }) => name),
    ...Object.keys(inputs),
  ];
  return new Map(
    lengths.map((text) => {
      const [, name = '', length = ''] = /^(.*)=(\d+)$/s.exec(text) ?? [];
      if (length === '') throw new UsageError(`lengths: expected name=3; found "${text}"`);
      if (!known.includes(name)) throw new UsageError(unknownText('sequence input', name, known));
      return [name, Number(length)];
    }),
  );
}

/** The structures that a port's name and type do not already tell. */
const special = (structures: Structures): Structures =>
  Object.fromEntries(Object.entries(structures).filter(([name, one]) => !isPlain(name, one)));

/** Notes the element types that ports had before they were cast. */
function withTypes(structures: Structures, types: ReadonlyMap<string, string>): Structures {
  const visit = (one: Structure): Structure => {
    if (one.kind === 'list') return { ...one, items: one.items.map(visit) };
    if (one.kind === 'optional') return { ...one, value: visit(one.value) };
    if (one.kind === 'dict')
      return {
        ...one,
        entries: Object.fromEntries(Object.entries(one.entries).map(([key, inner]) => [key, visit(inner)])),
      };
    if (one.kind !== 'tensor') return one;
    const was = types.get(one.port);
    return was ? { ...one, was } : one;
  };
  const visited = Object.entries(structures).map(([name, one]) => [name, visit(one)] as const);
  const ports = new Set(Object.values(structures).flatMap(portsOf));
  const plain = [...types].filter(([port]) => !ports.has(port));
  return Object.fromEntries([
    ...visited,
    ...plain.map(([port, was]) => [port, { kind: 'tensor', port, was }] as const),
  ]);
}
