/** Numbers of a weight are read into one array, whatever its size. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { floatChunks } from '../../../passes/precision/extent.js';
import { CHUNK, rangeTensor } from '../../../src/ir/tensors/tensor.js';
import { openFile } from '../../../src/onnx/files.js';

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);

it('reads every piece of a stored weight into the same array', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'extent-'));
  try {
    const numbers = Float32Array.from({ length: CHUNK }, (_, at) => at);
    await writeFile(join(folder, 'weights'), new Uint8Array(numbers.buffer));
    const tensor = rangeTensor('float32', [CHUNK], await openFile(join(folder, 'weights')), 0);
    const buffers = new Set<ArrayBufferLike>();
    let at = 0;
    for (const piece of floatChunks(tensor)) {
      buffers.add(piece.buffer);
      expect(Buffer.compare(bytesOf(piece), bytesOf(numbers.subarray(at, at + piece.length)))).toBe(0);
      at += piece.length;
    }
    expect(at).toBe(CHUNK);
    expect(buffers.size).toBe(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
