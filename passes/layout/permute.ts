/** Axes of images in both orders, and what is turned with them: constants, and numbers that name axes. */

import type { Node } from '../../src/ir/node.js';
import { derive } from '../../src/ir/tensors/bank.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { dataTypes } from '../../src/ir/types.js';

/** The order of axes that makes [N, H, W, C] of [N, C, H, W], and the one back. */
export const LAST = [0, 2, 3, 1] as const;
export const FIRST = [0, 3, 1, 2] as const;

/** Where an axis of [N, C, H, W] stands in [N, H, W, C]. */
export const axisOfLast = (axis: number): number => LAST.indexOf((axis < 0 ? axis + 4 : axis) as 0);

export const isTurn = (node: Node, perm: readonly number[]): boolean =>
  node.is('Transpose') && !node.hasReference && node.ints('perm')?.join() === perm.join();

/** A constant of up to four axes with the axes in the other order; of one tensor a repeat where it is a bank. */
export function turned(tensor: Tensor): Tensor {
  const shape = [...Array<number>(4 - tensor.shape.length).fill(1), ...tensor.shape];
  const size = dataTypes[tensor.type].bits / 8;
  const to = LAST.map((axis) => shape[axis] as number);
  return derive([tensor], tensor.type, to, (one) => [turnedBytes(one.bytes(), shape, size)]);
}

function turnedBytes(bytes: Uint8Array, [n, c, h, w]: readonly number[], size: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  const [channels, area] = [c as number, (h as number) * (w as number)];
  let at = 0;
  for (let image = 0; image < (n as number); image++)
    for (let pixel = 0; pixel < area; pixel++)
      for (let channel = 0; channel < channels; channel++) {
        const from = ((image * channels + channel) * area + pixel) * size;
        result.set(bytes.subarray(from, from + size), at);
        at += size;
      }
  return result;
}
