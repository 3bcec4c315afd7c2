/**
 * What every node must be before anything trusts it: attributes, inputs and outputs as its operator's schema says. All that is refused
 * here the runtime refuses to load, whether the node is needed or not. Of operators and attributes that no schema knows nothing is said:
 * they are carried as they are.
 */
import type { Attribute, AttributeType } from '../../ir/attribute.js';
import type { Node } from '../../ir/node.js';
import { ModelError } from '../../ir/text/errors.js';
import { refuseValue } from '../schemas/attribute-values.js';
import { type Formal, firstOpset, newestOpset, type OperatorSchema, schemaOf } from '../schemas/schema.js';

/** What a schema demands, in the form that it is asked for thousands of times. */
interface Demands {
  readonly types: ReadonlyMap<string, AttributeType>;
  readonly required: readonly string[];
  readonly inputs: Arity;
  readonly outputs: Arity;
}

/** How many actual inputs or outputs there may be, and which must be there. */
interface Arity {
  readonly most: number;
  /** Any number, but one. */
  readonly isAnyNumber: boolean;
  readonly needed: readonly (readonly [index: number, name: string])[];
}

const known = new WeakMap<OperatorSchema, Demands>();

export function demandsOf(schema: OperatorSchema): Demands {
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

function countOf(formals: readonly Formal[]): Arity {
  const needed = [...formals.entries()].filter(([, { isOptional, isVariadic }]) => !isOptional && !isVariadic);
  return {
    most: formals.at(-1)?.isVariadic ? Number.POSITIVE_INFINITY : formals.length,
    isAnyNumber: formals[0]?.isVariadic ?? false,
    needed: needed.map(([index, { name }]) => [index, name]),
  };
}

/** Throws ModelError where a node is not as its operator's schema says. */
export function refuseMisuse(node: Node): void {
  const { opType, domain } = node;
  // Of a domain that is not imported runtimes take what they know.
  const opset = node.opset ?? newestOpset(domain);
  // An operator that came into the set later is what it was at first: some were in use before.
  const first = firstOpset(opType, domain);
  const schema = schemaOf(opType, domain, first === undefined ? opset : Math.max(opset, first));
  // Runtimes take the value of a Constant from whatever attribute comes first.
  if (!schema || schema.isDeprecated || node.is('Constant')) return;
  const { types, required, inputs, outputs } = demandsOf(schema);
  // Operator sets that came later than the table, and later runtimes, may take more.
  const isKnownWhole = domain !== 'com.microsoft' && schema.since <= opset && opset <= newestOpset(domain);
  for (const [name, attribute] of node.attributes) {
    const type = types.get(name);
    if (type === undefined) {
      if (isKnownWhole && !name.startsWith('__') && !node.is('LayerNormalization'))
        throw new ModelError(node.label, 'attributes that the operator has', `"${name}"`);
      continue;
    }
    const found = attribute.type === 'ref' ? attribute.of : attribute.type;
    if (found !== type && found !== 'undefined')
      throw new ModelError(placeOf(node, name), `${kindText(type)}`, kindText(found));
    if (attribute.type !== 'ref')
      refuseValue(node, name, attribute as Exclude<Attribute, { type: 'ref' }>, placeOf(node, name));
  }
  for (const name of required)
    if (!node.attributes.has(name)) throw new ModelError(node.label, `the attribute "${name}"`, 'none of that name');
  refuseCount(node, 'input', node.inputs, inputs, isKnownWhole);
  refuseCount(node, 'output', node.outputs, outputs, isKnownWhole);
  if (node.bodies.length > 0) refusePorts(node, opset);
}

/** Throws ModelError where a body has other numbers of inputs and outputs than its operator hands over and takes. */
function refusePorts(node: Node, opset: number): void {
  const [given, taken] = [node.inputs.length, node.outputs.length];
  const ports = new Map([
    ['If', [0, taken]],
    ['Loop', [Math.max(given, 2), taken + 1]],
    ['Scan', [opset < 9 ? given - 1 : given, taken]],
  ] as const).get(node.domain === '' ? (node.opType as 'If') : ('' as 'If'));
  if (!ports) return;
  const [inputs, outputs] = ports;
  for (const { name, inputs: own, outputPorts } of node.bodies) {
    const place = `${node.label}, graph "${name}"`;
    const needed = own.filter(({ tensor, defaultTensor }) => !tensor && !defaultTensor).length;
    if (own.length !== inputs && needed !== inputs) throw new ModelError(place, `${inputs} inputs`, `${own.length}`);
    if (outputPorts.length !== outputs) throw new ModelError(place, `${outputs} outputs`, `${outputPorts.length}`);
  }
}

export const placeOf = (node: Node, name: string): string => `${node.label}, attribute "${name}"`;

export const kindText = (type: AttributeType | 'undefined'): string =>
  `${/^[aeiou]/.test(type) && !type.endsWith('s') ? 'an' : type.endsWith('s') ? 'a list of' : 'a'} ${type.replace('_', ' ')}`;

function refuseCount(
  node: Node,
  what: 'input' | 'output',
  actual: readonly unknown[],
  count: Arity,
  isKnownWhole: boolean,
): void {
  if (count.isAnyNumber && actual.length === 0) throw new ModelError(node.label, `an ${what}`, 'none');
  for (const [index, name] of count.needed)
    if (actual[index] === undefined) throw new ModelError(node.label, `${what} ${index}, "${name}"`, 'none');
  if (isKnownWhole && actual.length > count.most)
    throw new ModelError(
      node.label,
      `at most ${count.most} ${what}${count.most === 1 ? '' : 's'}`,
      String(actual.length),
    );
}
