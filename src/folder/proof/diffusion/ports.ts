/** What the models of a diffusion pipeline read, by the names of their ports in exports of diffusers. */

import { elementCount } from '../../../ir/tensors/tensor.js';
import type { Port, TensorData } from '../../../runtime/isolate.js';
import type { Random } from '../../../validate/inputs/random.js';
import { type Numbers, tensor } from '../place.js';

/** Token ids of two texts, an empty one and one of random tokens, as a text encoder reads them; other inputs: visible everywhere, of one kind. */
export function textInput(port: Port, { rows, length, vocabulary, random }: TextSizes): TensorData {
  const shape = port.shape.map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? rows : length));
  const count = elementCount(shape);
  const [ends, positions] = [vocabulary - 1, shape.at(-1) ?? 1];
  if (/mask/.test(port.name)) return tensor(port, new Array(count).fill(1), shape);
  if (/position/.test(port.name))
    return tensor(
      port,
      Array.from({ length: count }, (_, i) => i % positions),
      shape,
    );
  if (!/ids/.test(port.name) || /type/.test(port.name)) return tensor(port, new Array(count).fill(0), shape);
  // The text that is left out first: guidance leads away from it.
  const isEmpty = (at: number): boolean => rows === 2 && at < positions;
  return tensor(
    port,
    Array.from({ length: count }, (_, i) => (isEmpty(i) ? ends : random.int(1, vocabulary - 1))),
    shape,
  );
}

export interface TextSizes {
  readonly rows: number;
  readonly length: number;
  readonly vocabulary: number;
  readonly random: Random;
}

/** States of all encoders as a denoiser of `width` reads them: the one of that width; else those that make it up side by side; else in a row, filled with zeros. */
export function joinedStates(states: readonly Numbers[], width: number | undefined): Numbers {
  const own = states.find(({ shape }) => shape[2] === width) ?? (width === undefined ? states[0] : undefined);
  if (own && states.length === 1) return own;
  const widths = states.map(({ shape }) => shape[2] as number);
  const isSideBySide = widths.reduce((sum, one) => sum + one, 0) === width;
  if (isSideBySide) return sideBySideStates(states);
  if (own) return own;
  return inARow(states, width as number);
}

function sideBySideStates(states: readonly Numbers[]): Numbers {
  const [rows = 1, tokens = 1] = states[0]?.shape ?? [];
  const width = states.reduce((sum, { shape }) => sum + (shape[2] as number), 0);
  const values = new Float64Array(rows * tokens * width);
  let at = 0;
  for (const { shape, values: own } of states) {
    const size = shape[2] as number;
    for (let i = 0; i < rows * tokens; i++) values.set(own.subarray(i * size, (i + 1) * size), i * width + at);
    at += size;
  }
  return { shape: [rows, tokens, width], values };
}

function inARow(states: readonly Numbers[], width: number): Numbers {
  const rows = states[0]?.shape[0] ?? 1;
  const tokens = states.reduce((sum, { shape }) => sum + (shape[1] as number), 0);
  const values = new Float64Array(rows * tokens * width);
  let before = 0;
  for (const { shape, values: own } of states) {
    const [, count = 1, size = 1] = shape;
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < count; i++) {
        const from = (row * count + i) * size;
        values.set(own.subarray(from, from + Math.min(size, width)), (row * tokens + before + i) * width);
      }
    before += count;
  }
  return { shape: [rows, tokens, width], values };
}
