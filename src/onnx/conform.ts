/**
 * What every node must be before anything trusts it: attributes, inputs and outputs as its operator's schema says. All that is refused
 * here the runtime refuses to load, whether the node is needed or not. Of operators and attributes that no schema knows nothing is said:
 * they are carried as they are.
 */
import type { Attribute, AttributeType } from '../ir/attribute.js';
import { ModelError } from '../ir/errors.js';
import type { Node } from '../ir/node.js';
import { refuseValue } from './attribute-values.js';
import { type Formal, newestOpset, type OperatorSchema, schemaOf } from './schema.js';

/** What a schema demands, in the form that it is asked for thousands of times. */
interface Demands {
  readonly types: ReadonlyMap<string, AttributeType>;
  readonly required: readonly string[];
  readonly inputs: Count;
  readonly outputs: Count;
}

/** How many actual inputs or outputs there may be, and which must be there. */
interface Count {
  readonly least: number;
  readonly most: number;
  readonly needed: readonly (readonly [index: number, name: string])[];
}

const known = new WeakMap<OperatorSchema, Demands>();

function demandsOf(schema: OperatorSchema): Demands {
  let demands = known.get(schema);
  if (!demands) {
    const attributes = [...schema.attributes];
    demands = {
      types: new Map(attributes.map(([name, { type }]) => [name, type])),
      required: attributes.filter(([, { isRequired }]) => isRequired).map(([name]) => name),
      inputs: countOf(schema.inputs),
      outputs: countOf(schema.outputs),
    };
    known.set(schema, demands);
  }
  return demands;
}

function countOf(formals: readonly Formal[]): Count {
  const needed = [...formals.entries()].filter(([, { isOptional, isVariadic }]) => !isOptional && !isVariadic);
  return {
    least: (needed.at(-1)?.[0] ?? -1) + 1,
    most: formals.at(-1)?.isVariadic ? Number.POSITIVE_INFINITY : formals.length,
    needed: needed.map(([index, { name }]) => [index, name]),
  };
}

/** Throws ModelError where a node is not as its operator's schema says. */
export function refuseMisuse(node: Node): void {
  const { opType, domain } = node;
  const opset = node.opset ?? Number.POSITIVE_INFINITY;
  const schema = schemaOf(opType, domain, opset);
  // Runtimes take the value of a Constant from whatever attribute comes first.
  if (!schema || schema.isDeprecated || node.is('Constant')) return;
  const { types, required, inputs, outputs } = demandsOf(schema);
  for (const [name, attribute] of node.attributes) {
    const type = types.get(name);
    if (type === undefined) continue;
    const found = attribute.type === 'ref' ? attribute.of : attribute.type;
    if (found !== type && found !== 'undefined')
      throw new ModelError(placeOf(node, name), `${kindText(type)}`, kindText(found));
    if (attribute.type !== 'ref')
      refuseValue(node, name, attribute as Exclude<Attribute, { type: 'ref' }>, placeOf(node, name));
  }
  for (const name of required)
    if (!node.attributes.has(name)) throw new ModelError(node.label, `the attribute "${name}"`, 'none of that name');
  // Operator sets that came later than the table, and later runtimes, may take more.
  const isKnownWhole = domain !== 'com.microsoft' && opset <= newestOpset(domain);
  refuseCount(node, 'input', node.inputs, inputs, isKnownWhole);
  refuseCount(node, 'output', node.outputs, outputs, isKnownWhole);
}

const placeOf = (node: Node, name: string): string => `${node.label}, attribute "${name}"`;

const kindText = (type: AttributeType | 'undefined'): string =>
  `${/^[aeiou]/.test(type) && !type.endsWith('s') ? 'an' : type.endsWith('s') ? 'a list of' : 'a'} ${type.replace('_', ' ')}`;

function refuseCount(
  node: Node,
  what: 'input' | 'output',
  actual: readonly unknown[],
  count: Count,
  isKnownWhole: boolean,
): void {
  for (const [index, name] of count.needed)
    if (actual[index] === undefined) throw new ModelError(node.label, `${what} ${index}, "${name}"`, 'none');
  if (isKnownWhole && actual.length > count.most)
    throw new ModelError(
      node.label,
      `at most ${count.most} ${what}${count.most === 1 ? '' : 's'}`,
      String(actual.length),
    );
}
