/** The value that tensors stand for, made of them again: what takes the place of an input that was no tensor. */
import type { Graph } from '../ir/graph.js';
import { dataTypes, type Type } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { body, emptySequence } from './extract.js';
import type { Structure } from './structure.js';

/** Undefined for a structure that no operator makes. `port` gives the tensor of a name; `type` is what the value is. */
export function assembled(
  graph: Graph,
  structure: Structure,
  type: Type | undefined,
  port: (name: string) => Value,
): Value | undefined {
  switch (structure.kind) {
    case 'tensor':
      return cast(graph, port(structure.port), type);
    case 'list': {
      const elem = type?.kind === 'sequence' ? type.elem : undefined;
      const items = structure.items.map((item) => assembled(graph, item, elem, port));
      if (elem?.kind !== 'tensor' || items.includes(undefined)) return undefined;
      const made = items.length === 0 ? emptySequence(graph, elem.elem) : graph.add('SequenceConstruct', items).output;
      made.type = type;
      return made;
    }
    case 'stack': {
      const attributes = { axis: 0, keepdims: 0 };
      const { output } = graph.add('SplitToSequence', [port(structure.port)], { attributes });
      output.type = type;
      return output;
    }
    case 'optional': {
      const elem = type?.kind === 'optional' ? type.elem : undefined;
      const value = elem && assembled(graph, structure.value, elem, port);
      return value && optionalOf(graph, port(structure.present), value, elem);
    }
    default:
      return undefined;
  }
}

function cast(graph: Graph, tensor: Value, type: Type | undefined): Value {
  if (type?.kind !== 'tensor' || tensor.elem === undefined || tensor.elem === type.elem) return tensor;
  const { output } = graph.add('Cast', [tensor], { attributes: { to: dataTypes[type.elem].code } });
  output.type = type;
  return output;
}

/** `value`, or nothing, as the bool says. */
function optionalOf(graph: Graph, present: Value, value: Value, elem: Type): Value {
  const type = { kind: 'optional', elem } as const;
  const branch = (label: string, given: readonly Value[]) =>
    body(graph, label, (inner) => {
      const attributes = given.length > 0 ? {} : { type: { type: 'type_proto', value: elem } as const };
      const { output } = inner.add('Optional', given, { attributes });
      output.type = type;
      inner.output('value', output, type);
    });
  const attributes = { then_branch: branch('present', [value]), else_branch: branch('absent', []) };
  const { output } = graph.add('If', [present], { attributes });
  output.type = type;
  return output;
}
