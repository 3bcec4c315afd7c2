/** Lists of passes that a graph goes through: four that keep its numbers, four that round or quantize. */
import type { Random } from '../../../src/validate/inputs/random.js';

export interface List {
  readonly passes: string;
  readonly isExact: boolean;
  /** As the option of `optimize`. */
  readonly regional?: boolean | undefined;
}

/** Lists that keep what follows from any number, NaN and infinities too. */
export const isPlain = ({ passes }: List): boolean =>
  passes.split(',').every((one) => /^(simplify|inline|outline|opset)$/.test(one));

const orders = [
  'fuse-norm,fuse-act,fuse-attn,fuse-rope',
  'fuse-act,fuse-rope,fuse-norm,fuse-attn,simplify',
  'opset,exact',
  'inline,simplify,fuse',
  'simplify,outline',
  'exact,outline',
  'flatten-outputs,exact',
  'fuse-attn',
  'fuse-norm,simplify',
  'fuse-attn:op=Attention,fuse-norm',
];
const narrower = ['half', 'quarter', 'simplify,fp16', 'exact,fp16', 'int8,fp16', 'fuse,int8,bf16', 'inline,int8'];

export function listsFor(random: Random): List[] {
  const exact = ['exact', 'simplify', 'exact', orders[random.int(0, orders.length)] as string];
  const lossy = ['fp16', 'bf16', 'int8', narrower[random.int(0, narrower.length)] as string];
  return [
    ...exact.map((passes, at) => ({ passes, isExact: true, regional: at > 1 ? true : undefined })),
    ...lossy.map((passes, at) => ({ passes, isExact: false, regional: at > 2 ? true : undefined })),
  ];
}
