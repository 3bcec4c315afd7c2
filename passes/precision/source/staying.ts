/** Finds the nodes that must keep the float type that they have, with the reason of each. */
import { schemaOf } from '../../../src/infer/index.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import type { Type } from '../../../src/ir/types.js';
import { typeAttributes } from '../../../src/ir/whole-model/widen.js';
import type { WidenedType } from './widen.js';

/** The domains whose operators are known to take float32. */
const known = new Set(['', 'com.microsoft', 'ai.onnx.ml']);

/** The reason for each node that has no float32 form. */
export function withoutFloat32(model: Model, types: ReadonlySet<WidenedType>): Map<Node, string> {
  const found = new Map<Node, string>();
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) {
      const reason = whyWithout(node, types);
      if (reason) found.set(node, reason);
    }
  return found;
}

function whyWithout(node: Node, types: ReadonlySet<WidenedType>): string | undefined {
  const values = [...node.inputs, ...node.outputs];
  const isNear = values.some((value) => hasType(value?.type, types));
  if (node.hasReference && (isNear || values.some((value) => value?.type === undefined)) && givesType(node))
    return 'its type is given by the caller of the function: the pass inline puts it in place';
  if (!isNear || node.bodies.length > 0 || node.graph.model.functionOf(node)) return undefined;
  if (values.some((value) => value?.type?.kind !== 'tensor' && hasType(value?.type, types)))
    return 'sequences, maps and optionals keep the type of their elements';
  if (!known.has(node.domain)) return `no float32 form of an operator of ${node.domain} is known`;
  return takesFloat32(node, types) ? undefined : `${node.opType} takes no float32 there`;
}

const givesType = (node: Node): boolean =>
  node.is('Cast') ||
  node.is('Constant') ||
  [...node.attributes].some(([name, { type }]) => type === 'ref' && typeAttributes.has(name));

function hasType(type: Type | undefined, types: ReadonlySet<WidenedType>): boolean {
  if (type?.kind === 'tensor' || type?.kind === 'sparse') return types.has(type.elem as WidenedType);
  if (type?.kind === 'map') return hasType(type.value, types);
  return type?.kind === 'sequence' || type?.kind === 'optional' ? hasType(type.elem, types) : false;
}

/** True where every slot that has one of the types may be float32; so where no schema is known. */
function takesFloat32({ opType, domain, opset = 1, inputs, outputs }: Node, types: ReadonlySet<WidenedType>): boolean {
  const schema = schemaOf(opType, domain, opset);
  if (!schema) return true;
  const fits = (formals: typeof schema.inputs, values: typeof inputs): boolean =>
    values.every((value, index) => {
      const formal = formals[index] ?? formals.at(-1);
      if (!formal || !types.has(value?.elem as WidenedType)) return true;
      const allowed = schema.typeConstraints.get(formal.type);
      return allowed ? allowed.length === 0 || allowed.includes('float32') : formal.type === 'float32';
    });
  return fits(schema.inputs, inputs) && fits(schema.outputs, outputs);
}
