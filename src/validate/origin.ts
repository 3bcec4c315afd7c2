/** Where an output's numbers come from: the operator that made them, through those that only move or recast them. */
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';

const movers =
  /^(Cast|CastLike|Identity|Reshape|Flatten|Squeeze|Unsqueeze|Transpose|Slice|Split|Expand|Tile|Pad|Dropout|Gather|GatherElements|GatherND|DepthToSpace|SpaceToDepth)$/;

/** The node behind a value; undefined for an input or a constant. A Concat of what one operator makes counts as that. */
export function originOf(value: Value | undefined): Node | undefined {
  let node = value?.producer;
  for (;;) {
    if (node?.domain !== '') return node;
    const isMover = movers.test(node.opType) && !node.inputs[0]?.isConstant;
    if (!isMover && !(node.is('Concat') && isOfOneOp(node))) return node;
    node = node.inputs[0]?.producer;
  }
}

const isOfOneOp = ({ inputs }: Node): boolean => {
  const ops = new Set(inputs.map((input) => originOf(input)?.opType));
  return ops.size === 1 && !ops.has(undefined);
};
