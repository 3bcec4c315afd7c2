/** Tells whether two models are the same bytes: a race between them would only show noise. */
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { PreparedModel } from '../sides/prepared-model.js';

/** True for equal bytes, and for files that are equal together with all files that they refer to. */
export async function areSameBytes(a: PreparedModel, b: PreparedModel): Promise<boolean> {
  if (a.model === b.model) return true;
  const [ours, theirs] = [piecesOf(a), piecesOf(b)];
  if (ours.length !== theirs.length) return false;
  for (const [i, one] of ours.entries()) if (!(await areEqual(one, theirs[i] as Piece))) return false;
  return true;
}

type Piece = string | Uint8Array;

/**
 * A model's bytes, or the files that it was read from: the model file, then its data files in the order in which it
 * refers to them.
 */
const piecesOf = ({ source, files }: PreparedModel): readonly Piece[] =>
  typeof source === 'string' ? files : [source];

async function areEqual(a: Piece, b: Piece): Promise<boolean> {
  if (typeof a === 'string' && typeof b === 'string' && (await realpath(a)) === (await realpath(b))) return true;
  if ((await sizeOf(a)) !== (await sizeOf(b))) return false;
  const rest = chunksOf(b);
  let [chunk, at]: [Buffer, number] = [Buffer.alloc(0), 0];
  try {
    for await (const one of chunksOf(a))
      for (let from = 0; from < one.length; ) {
        if (at === chunk.length) [chunk, at] = [(await rest.next()).value as Buffer, 0];
        const count = Math.min(one.length - from, chunk.length - at);
        if (one.compare(chunk, at, at + count, from, from + count) !== 0) return false;
        from += count;
        at += count;
      }
    return true;
  } finally {
    // Its file is open until it has been read to the end.
    await rest.return(undefined);
  }
}

const sizeOf = async (piece: Piece): Promise<number> =>
  typeof piece === 'string' ? (await stat(piece)).size : piece.length;

async function* chunksOf(piece: Piece): AsyncGenerator<Buffer> {
  if (typeof piece === 'string') yield* createReadStream(piece, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>;
  else if (piece.length) yield Buffer.from(piece.buffer, piece.byteOffset, piece.length);
}
