/** Class labels, as ZipMap and DictVectorizer state them. */
import { textOf } from '../../src/ir/attribute.js';
import type { Node } from '../../src/ir/node.js';
import type { MapLabels } from './form.js';

/** Undefined where there are none. */
export function labelsOf(node: Node): MapLabels | undefined {
  for (const name of ['classlabels_strings', 'string_vocabulary', 'classlabels_int64s', 'int64_vocabulary']) {
    const attribute = node.attributes.get(name);
    if (attribute?.type === 'strings' && attribute.value.length > 0)
      return { keys: 'string', labels: attribute.value.map(textOf) };
    if (attribute?.type === 'ints' && attribute.value.length > 0)
      return { keys: 'int64', labels: attribute.value.map(exact) };
  }
  return undefined;
}

const exact = (value: bigint): number | string => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));
