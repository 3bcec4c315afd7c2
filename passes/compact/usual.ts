/** Attributes that say what an operator does anyway. */
import type { Attribute } from '../../src/ir/attribute.js';
import type { Node } from '../../src/ir/node.js';

/** The number, or the number of every element, that is the default of an attribute. */
const window = { dilations: 1, strides: 1, pads: 0 } as const;
const usual: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Conv: { ...window, group: 1 },
  ConvTranspose: { ...window, group: 1, output_padding: 0 },
  MaxPool: { ...window, ceil_mode: 0, storage_order: 0 },
  AveragePool: { ...window, ceil_mode: 0, count_include_pad: 0 },
  Gemm: { alpha: 1, beta: 1, transA: 0, transB: 0 },
};

/** True for an attribute whose absence means the same. */
export function isUsual(node: Node, name: string, attribute: Attribute): boolean {
  const own = node.domain === '' && Object.hasOwn(usual, node.opType) ? usual[node.opType] : undefined;
  const number = own?.[name];
  if (number === undefined) return own !== undefined && name === 'auto_pad' && node.string('auto_pad') === 'NOTSET';
  if (attribute.type === 'ints') return (node.ints(name) ?? []).every((one) => one === number);
  if (attribute.type === 'int') return node.int(name, number) === number;
  return attribute.type === 'float' && node.float(name, number) === number;
}
