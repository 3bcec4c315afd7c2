/** What a call of a local function hands over, held against what the function's nodes do with it. */
import type { AttributeType } from '../../ir/attribute.js';
import type { Graph } from '../../ir/graph.js';
import type { ModelFunction } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { scopesIn } from '../../ir/scopes/scopes.js';
import { ModelError } from '../../ir/text/errors.js';
import type { Use } from '../../ir/value.js';
import { newestOpset, schemaOf } from '../schemas/schema.js';
import { demandsOf, kindText, placeOf } from './conform.js';

/** Throws ModelError where the runtime would not take the call: too much of something, too little, or an attribute of another type. */
export function refuseCall(call: Node, fn: ModelFunction, taken: ReadonlyMap<string, AttributeType>): void {
  refusePorts(call, fn);
  refuseGiven(call, fn, taken);
}

/** True where a node that reads a value cannot do without it. */
const isNeededBy = ({ node, index }: Use): boolean => {
  if (node.isEnd) return true;
  const schema = schemaOf(node.opType, node.domain, node.opset ?? newestOpset(node.domain));
  return schema !== undefined && demandsOf(schema).inputs.needed.some(([place]) => place === index);
};

/** The types that a function's nodes take of its attributes, by name. */
export function takenTypes(body: Graph): ReadonlyMap<string, AttributeType> {
  const taken = new Map<string, AttributeType>();
  for (const graph of scopesIn(body))
    for (const node of graph.nodeSet)
      for (const [name, attribute] of node.attributes) {
        if (attribute.type !== 'ref') continue;
        const schema = schemaOf(node.opType, node.domain, node.opset ?? Number.POSITIVE_INFINITY);
        const type = attribute.of === 'undefined' ? schema?.attributes.get(name)?.type : attribute.of;
        if (type) taken.set(attribute.name, type);
      }
  return taken;
}

/** Throws ModelError where a call gives an attribute of another type than the function takes. */
function refuseGiven(
  call: Node,
  { name: fn, defaults }: ModelFunction,
  taken: ReadonlyMap<string, AttributeType>,
): void {
  for (const [name, type] of taken) {
    const given = call.attributes.get(name) ?? defaults.get(name);
    const found = given?.type === 'ref' ? given.of : given?.type;
    if (found !== undefined && found !== 'undefined' && found !== type)
      throw new ModelError(placeOf(call, name), `${kindText(type)}, as function "${fn}" takes it`, kindText(found));
  }
}

/** Throws ModelError where a call hands over, or asks for, more than its function has, or leaves out what that needs. */
function refusePorts({ label, inputs, outputs }: Node, { name, graph }: ModelFunction): void {
  for (const [what, found, most] of [
    ['inputs', inputs.length, graph.inputs.length],
    ['outputs', outputs.length, graph.outputs.length],
  ] as const)
    if (found > most) throw new ModelError(label, `at most the ${most} ${what} of function "${name}"`, `${found}`);
  graph.inputs.forEach((formal, index) => {
    if (inputs[index] === undefined && [...formal.uses].some(isNeededBy))
      throw new ModelError(label, `input ${index}, "${formal.name}", which function "${name}" needs`, 'none');
  });
}
