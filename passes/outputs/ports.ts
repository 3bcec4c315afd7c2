/** Output ports that are no tensors ⟶ the ports of their tensors. */
import { portsOf, type Structure } from '../../src/contract/structure.js';
import type { OutputPort } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Type } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { FormRefusal, type TensorForm } from './form.js';
import { formOf } from './lower.js';
import { current } from './replace.js';

interface PortValue {
  readonly port: OutputPort;
  readonly value: Value;
}

/** The outcome for one output: `structure` for a former non-tensor, `refusal` where it stays one. */
export interface PortOutcome {
  /** The name that it has before. */
  readonly name: string;
  readonly ports: readonly PortValue[];
  readonly structure?: Structure;
  readonly refusal?: FormRefusal;
}

/** True where a type is a tensor, or nothing says that it is none. */
const isTensor = (type: Type | undefined): boolean => type === undefined || type.kind === 'tensor';

/** The inferred type, unless only the declared type has the element's type. */
function typeOf({ graph }: Model, index: number): Type | undefined {
  const [type, declared] = [graph.outputs[index]?.type, graph.outputPorts[index]?.type];
  const isHollow = (type?.kind === 'sequence' || type?.kind === 'optional') && type.elem === undefined;
  return type === undefined || isHollow ? (declared ?? type) : type;
}

/** The outcome for each output, found on a copy: the model stays as it is. */
export function outcomesOf(model: Model): PortOutcome[] {
  const isFlat = model.graph.outputs.every((_, index) => isTensor(typeOf(model, index)));
  return outcomes(isFlat ? model : cloneModel(model), () => true);
}

/** Flattens those outputs; gives what all of them are then, in order. The ports are the caller's to set. */
export function flattened(model: Model, isWanted: (index: number) => boolean): PortOutcome[] {
  return outcomes(model, isWanted);
}

function outcomes(model: Model, isWanted: (index: number) => boolean): PortOutcome[] {
  const { graph } = model;
  const taken = new Set([...graph.outputPorts, ...graph.inputs].map(({ name }) => name));
  const free = (name: string): string => {
    let found = name;
    while (taken.has(found)) found += '_';
    taken.add(found);
    return found;
  };
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const outcomeOf = (port: OutputPort, index: number): PortOutcome => {
    const type = typeOf(model, index);
    const { name } = port;
    const itself = { name, ports: [{ port, value: graph.outputs[index] as Value }] };
    if (isTensor(type) || !isWanted(index)) return itself;
    try {
      if (inputs.has(name)) throw new FormRefusal('an input has its name', graph.outputs[index] as Value);
      const form = formOf(graph.outputs[index] as Value, type);
      taken.delete(name);
      const ports: PortValue[] = [];
      const structure = structureOf(form, name, (wished, value) => {
        const unique = free(wished);
        ports.push({ port: { name: unique, type: undefined }, value });
        return unique;
      });
      return { name, ports, structure };
    } catch (error) {
      if (!(error instanceof FormRefusal)) throw error;
      return { ...itself, refusal: error };
    }
  };
  // An output that a model lists twice is one.
  const known = new Map<string, PortOutcome>();
  const found = graph.outputPorts.map((port, index): PortOutcome => {
    const outcome = known.get(port.name) ?? outcomeOf(port, index);
    known.set(port.name, outcome);
    return outcome;
  });
  // A node that an output was taken from may have been replaced for a later one.
  return found.map((one) => ({
    ...one,
    ports: one.ports.map(({ port, value }) => {
      const now = current(value);
      return { port: port.type ? port : { ...port, type: now.type }, value: now };
    }),
  }));
}

/** The structure of a form, its tensors handed to `add`, which names them. */
function structureOf(form: TensorForm, name: string, add: (name: string, value: Value) => string): Structure {
  switch (form.kind) {
    case 'tensor':
      return { kind: 'tensor', port: add(name, form.tensor) };
    case 'list': {
      const items = form.items.map(
        (item, index): Structure => ({ kind: 'tensor', port: add(`${name}.${index}`, item) }),
      );
      return { kind: 'list', items };
    }
    case 'stack':
      return { kind: 'stack', port: add(name, form.tensor) };
    case 'packed': {
      const [port, shapes] = [add(name, form.data), add(`${name}.shapes`, form.shapes)];
      return { kind: 'packed', port, shapes, ...(form.ranks && { ranks: add(`${name}.ranks`, form.ranks) }) };
    }
    case 'optional': {
      const value = structureOf(form.form, name, add);
      return { kind: 'optional', present: add(`${name}.present`, form.present), value };
    }
    case 'maps':
      return { kind: 'maps', port: add(name, form.tensor), keys: form.keys, labels: form.labels };
    case 'absent':
      return { kind: 'absent' };
  }
}

/** In a few words, for the report. */
export function aboutStructure(structure: Structure): string {
  switch (structure.kind) {
    case 'tensor':
      return `tensor "${structure.port}"`;
    case 'list':
      return structure.items.length === 0
        ? 'no port: it is always empty'
        : `the tensors ${structure.items
            .flatMap(portsOf)
            .map((port) => `"${port}"`)
            .join(', ')}`;
    case 'stack':
      return `tensor "${structure.port}", the elements along its first axis`;
    case 'packed':
      return `tensor "${structure.port}", the elements' numbers, and "${structure.shapes}", their shapes`;
    case 'optional':
      return `${aboutStructure(structure.value)}, and "${structure.present}", whether it is there`;
    case 'maps':
      return `tensor "${structure.port}", a column for each of ${structure.labels.length} class labels`;
    case 'absent':
      return 'no port: it is never there';
    case 'dict':
      return `${Object.keys(structure.entries).length} entries`;
  }
}
