/** Where past + new goes as a distance between rows that lie in memory one behind another, and where as a number. */

import type { Node } from '../../src/ir/node.js';
import { isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';

/** Inputs that are sizes: of a Range and a Slice also the end, where the start is no place in the cache. */
export const sizes: Readonly<Record<string, number>> = {
  Reshape: 1,
  Expand: 1,
  ConstantOfShape: 0,
  Tile: 1,
  Range: 1,
  Slice: 2,
};

/** Ops whose result is an index or a size where what they read is one. */
const carrying = new Set(
  'Add Sub Mul Div Mod Min Max Where Cast Unsqueeze Squeeze Identity Concat Reshape Expand Transpose'.split(' '),
);

const looking = new Set(['Gather', 'GatherND', 'GatherElements']);

interface LengthUses {
  readonly isSize: boolean;
  readonly isNumber: boolean;
}

/** What becomes of an input of a node; `grows` tells values whose size is that of the cache. */
export function usesOf(node: Node, index: number, grows: (value: Value | undefined) => boolean): LengthUses {
  const found = { isSize: false, isNumber: false };
  const seen = new Set<string>();
  const follow = (user: Node, at: number, isProduct: boolean): void => {
    const key = `${user.sequence} ${at} ${isProduct}`;
    if (seen.has(key)) return;
    seen.add(key);
    if (user.domain === '' && sizes[user.opType] === at) found.isSize = true;
    else if (user.is('Shape')) return;
    // A row's number times its length is a place in memory; past + new alone is the place of a token.
    else if (isProduct && user.domain === '' && looking.has(user.opType) && at === 1 && grows(user.inputs[0]))
      found.isSize = true;
    else if (user.domain !== '' || !carrying.has(user.opType) || isFloat(user.output.elem)) found.isNumber = true;
    else for (const use of user.output.uses) follow(use.node, use.index, isProduct || user.is('Mul'));
  };
  follow(node, index, false);
  return found;
}
