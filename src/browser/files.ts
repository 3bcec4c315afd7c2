/** Files of models in a browser, fetched by URL: built in place of `src/onnx/files.ts`. */
import type { ByteSource } from '../ir/tensors/tensor.js';
import { ModelError } from '../ir/text/errors.js';
import type { ReadOptions } from '../onnx/read-options.js';
import { blobSource } from '../onnx/source.js';

/** What is expected of who reads a model that is no URL. */
export const GIVE_DATA = 'the bytes as data: { name: bytes }';

/** The model at a URL, relative to the page's or worker's own. */
export async function openModel(
  source: string | URL,
): Promise<{ readonly main: ByteSource; readonly place: string; readonly folder: string }> {
  const { href } = new URL(source, (globalThis as { location?: { href: string } }).location?.href);
  return { main: await fetched(href, href), place: href, folder: href };
}

/** External data beside the model. As from a folder, nothing is fetched from elsewhere unless it is allowed. */
export async function openExternal(
  location: string,
  folder: string | undefined,
  { allowOutsideData = false, onFile }: ReadOptions,
): Promise<ByteSource> {
  if (folder === undefined)
    throw new ModelError(
      'external data',
      GIVE_DATA,
      `"${location}" of a model given as bytes`,
      'Give them, or read the model by its URL',
    );
  const beside = new URL('.', folder).href;
  const { href } = new URL(location.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/'), beside);
  if (!allowOutsideData && !href.startsWith(beside))
    throw new ModelError(
      'external data',
      "a file beside the model's",
      `"${location}"`,
      'Allow it with allowOutsideData if you trust the model',
    );
  onFile?.(href, location);
  return fetched(href, 'external data');
}

async function fetched(href: string, place: string): Promise<ByteSource> {
  let response: Response;
  try {
    response = await fetch(href);
  } catch (error) {
    throw new ModelError(place, 'a file that can be fetched', (error as Error).message);
  }
  if (!response.ok) throw new ModelError(place, 'a file', `status ${response.status} of ${href}`);
  return blobSource(await response.blob());
}
