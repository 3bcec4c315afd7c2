/** Files onto a disk, which a browser does not have: built in place of `src/onnx/to-disk.ts`. */
import type { WrittenSet } from '../disk/write-set.js';
import { UsageError } from '../ir/text/usage-error.js';

export async function writeToDisk({ path }: { readonly path: string }): Promise<WrittenSet> {
  throw new UsageError(
    `writeModel: expected Node, which has files; found a browser, asked for ${path}. modelFiles(model, name) gives the files as blobs`,
  );
}
