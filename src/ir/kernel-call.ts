/** A call of a kernel, as a node makes it or will make it: what decides whether the kernel takes it. */
import type { Node } from './node.js';
import type { Type } from './types.js';

export interface KernelCall {
  readonly opType: string;
  /** '' is ai.onnx. */
  readonly domain: string;
  readonly inputs: readonly (Type | undefined)[];
  /** The int attributes by name. */
  readonly ints: Readonly<Record<string, number | undefined>>;
}

/** The call of a node as it stands. */
export function callOf(node: Node): KernelCall {
  const { opType, domain } = node;
  const names = [...node.attributes].flatMap(([name, { type }]) => (type === 'int' ? [name] : []));
  const ints = Object.fromEntries(names.map((name) => [name, node.int(name)]));
  return { opType, domain, inputs: node.inputs.map((value) => value?.type), ints };
}
