/** A call of a kernel, as a node makes it or will make it: what decides whether the kernel takes it. */
import type { Node } from '../node.js';
import type { Type } from '../types.js';

export interface KernelCall {
  readonly opType: string;
  /** '' is ai.onnx. */
  readonly domain: string;
  readonly inputs: readonly (Type | undefined)[];
  /** The float attributes by name. */
  readonly floats?: Readonly<Record<string, number | undefined>>;
  /** The int attributes by name. */
  readonly ints: Readonly<Record<string, number | undefined>>;
}

/** The call of a node as it stands. */
export function callOf(node: Node): KernelCall {
  const { opType, domain } = node;
  const ints = numbersIn(node, 'int', (name) => node.int(name));
  const floats = numbersIn(node, 'float', (name) => node.float(name));
  return { opType, domain, inputs: node.inputs.map((value) => value?.type), ints, floats };
}

const numbersIn = (node: Node, kind: 'int' | 'float', read: (name: string) => number | undefined) =>
  Object.fromEntries([...node.attributes].flatMap(([name, { type }]) => (type === kind ? [[name, read(name)]] : [])));
