/** What a denoiser reads beside the latent, by the names of its ports in exports of diffusers. */
import { elementCount } from '../../../ir/tensors/tensor.js';
import type { Port, TensorData } from '../../../runtime/isolate.js';
import { type Numbers, tensor } from '../place.js';
import { joinedStates } from './ports.js';

export interface Conditions {
  readonly states: readonly Numbers[];
  readonly pooled: readonly Numbers[];
  readonly rows: number;
  readonly time: number;
  readonly side: number;
  readonly guidance: number;
}

/** An input of the denoiser that is not the latent. */
export function conditionOf(port: Port, { states, pooled, rows, time, side, guidance }: Conditions): TensorData {
  const { name, shape } = port;
  const width = typeof shape.at(-1) === 'number' ? (shape.at(-1) as number) : undefined;
  const filled = (value: number): TensorData => {
    const sizes = shape.map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? rows : 1));
    return tensor(port, new Array(elementCount(sizes)).fill(value), sizes);
  };
  if (/^(timestep|t|time)$/.test(name)) return filled(/int/.test(port.type ?? '') ? Math.round(time) : time);
  if (/^guidance/.test(name)) return filled(guidance);
  if (/encoder_hidden_states|context/.test(name) && states.length > 0)
    return rowsOf(port, joinedStates(states, width), rows);
  if (/pooled|text_embeds/.test(name) && pooled.length > 0) {
    const lifted = pooled.map(({ shape: [batch = 1, size = 1], values }) => ({ shape: [batch, 1, size], values }));
    const { shape: joined, values } = joinedStates(lifted, width);
    return rowsOf(
      port,
      {
        shape: [joined[0] as number, joined[2] as number],
        values: values.subarray(0, (joined[0] as number) * (joined[2] as number)),
      },
      rows,
    );
  }
  // Size, crop and target size of the picture, eight times the latent's.
  if (/time_ids/.test(name)) {
    const ids = [side * 8, side * 8, 0, 0, side * 8, side * 8];
    return tensor(
      port,
      Array.from({ length: rows * ids.length }, (_, i) => ids[i % ids.length] as number),
      [rows, ids.length],
    );
  }
  // Places of patches and of words, as Flux reads them: of a patch its row and column.
  if (/^(img|txt)_ids$/.test(name)) {
    const count = name === 'img_ids' ? side * side : (states[0]?.shape[1] ?? 1);
    const places = Array.from({ length: count }, (_, i) =>
      name === 'img_ids' ? [0, Math.floor(i / side), i % side] : [0, 0, 0],
    );
    return tensor(port, places.flat(), [...(shape.length === 3 ? [rows] : []), count, 3]);
  }
  return filled(/mask/.test(name) ? 1 : 0);
}

/** The last rows: of two texts the second where one is asked for. */
function rowsOf(port: Port, { shape, values }: Numbers, rows: number): TensorData {
  const size = values.length / (shape[0] as number);
  return tensor(port, values.subarray(values.length - rows * size), [rows, ...shape.slice(1)]);
}
