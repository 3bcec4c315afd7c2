/** What differs between nodes that are each other's counterpart. */
import { attributeText, textOf } from '../../ir/attribute.js';
import type { Node } from '../../ir/node.js';
import type { Attribute } from '../../ir/structure.js';
import { isSameTensor } from '../../ir/tensors/same-tensor.js';
import type { Tensor } from '../../ir/tensors/tensor.js';
import { typeText } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import type { ModelDiff } from '../../run/model-diff-schema.js';
import { type DiffSide, isWeight, opOf, tensorOf } from '../side.js';
import type { NodePairs } from './pairs.js';

type Changed = ModelDiff['nodes']['changed'];

const NAMED = 3;

/** Nodes of the same change together, the most first; and how many are the same. */
export function changesOf(before: DiffSide, pairs: NodePairs): { readonly same: number; readonly changed: Changed } {
  const groups = new Map<string, { op: string; what: string; nodes: Node[] }>();
  let same = 0;
  for (const [node, twin] of pairs.of) {
    const what = [...attributeChanges(node, twin), ...inputChanges(node, twin, pairs)].join(', ');
    if (!what) same++;
    else {
      const group = groups.get(`${opOf(node)} ${what}`) ?? { op: opOf(node), what, nodes: [] };
      groups.set(`${opOf(node)} ${what}`, group);
      group.nodes.push(node);
    }
  }
  const changed = [...groups.values()]
    .sort((a, b) => b.nodes.length - a.nodes.length)
    .map(({ op, what, nodes }) => ({
      ...{ op, what, count: nodes.length },
      at: nodes.slice(0, NAMED).map((node) => before.names.of(node)),
    }));
  return { same, changed };
}

function attributeChanges(node: Node, twin: Node): string[] {
  const names = [...new Set([...node.attributes.keys(), ...twin.attributes.keys()])].sort();
  return names.flatMap((name) => {
    const [was, is] = [node.attributes.get(name), twin.attributes.get(name)];
    if (isSameAttribute(was, is)) return [];
    return [`${name}: ${shown(was)} → ${shown(is)}`];
  });
}

/** Bodies are compared node by node. */
function isSameAttribute(was: Attribute | undefined, is: Attribute | undefined): boolean {
  if (!was || !is || was.type !== is.type) return was === is;
  const [tensors, others] = [tensorsIn(was), tensorsIn(is)];
  if (tensors && others)
    return tensors.length === others.length && tensors.every((one, i) => isSameTensor(one, others[i] as Tensor));
  if (was.type === 'graph' || was.type === 'graphs') return true;
  return (attributeText(was) ?? shown(was)) === (attributeText(is) ?? shown(is));
}

function tensorsIn(attribute: Attribute): readonly Tensor[] | undefined {
  switch (attribute.type) {
    case 'tensor':
    case 'sparse_tensor':
    case 'tensors':
    case 'sparse_tensors':
      return [attribute.value].flat();
    default:
      return undefined;
  }
}

function shown(attribute: Attribute | undefined): string {
  if (!attribute) return 'none';
  switch (attribute.type) {
    case 'ref':
      return attribute.name;
    case 'string':
      return textOf(attribute.value);
    case 'strings':
      return attribute.value.map(textOf).join();
    case 'float':
    case 'floats':
    case 'int':
    case 'ints':
      return String(attribute.value);
    case 'type_proto':
      return typeText(attribute.value);
    case 'type_protos':
      return attribute.value.map((type) => typeText(type)).join();
    default:
      return attribute.type;
  }
}

function inputChanges(node: Node, twin: Node, pairs: NodePairs): string[] {
  return Array.from({ length: Math.max(node.inputs.length, twin.inputs.length) }, (_, index) => {
    const what = inputChange(node.inputs[index], twin.inputs[index], pairs);
    return what ? [`input ${index}: ${what}`] : [];
  }).flat();
}

/** Undefined where both read the same, where a rewrite tells of it, and for weights. */
function inputChange(was: Value | undefined, is: Value | undefined, pairs: NodePairs): string | undefined {
  if (!was || !is) return was === is ? undefined : was ? 'left out' : 'given';
  const [a, b] = [tensorOf(was), tensorOf(is)];
  if (a && b) {
    if (isWeight(was) || isWeight(is) || isSameTensor(a, b)) return undefined;
    return a.type === b.type ? 'another constant' : `a constant, ${a.type} → ${b.type}`;
  }
  if (was.isInput && is.isInput) return was.name === is.name || was.graph.owner ? undefined : 'another input';
  if (!was.producer || !is.producer)
    return describe(was) === describe(is) ? undefined : `${describe(was)} → ${describe(is)}`;
  if (!pairs.isPaired(was.producer) || !pairs.isPaired(is.producer)) return undefined;
  return pairs.of.get(was.producer) === is.producer && was.index === is.index ? undefined : 'another value';
}

const describe = (value: Value): string => (value.producer ? 'computed' : tensorOf(value) ? 'constant' : 'input');
