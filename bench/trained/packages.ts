/** Finds the packages with trained models: installed ones, and those in the folder of `TRAINED_PACKAGES`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../usage.js';

const places = [join(root, 'node_modules'), process.env.TRAINED_PACKAGES].filter((place) => place !== undefined);

/** The file of a path inside a package; undefined where no place has it. */
export const fileOf = (path: string): string | undefined =>
  places.map((place) => join(place, path)).find((file) => existsSync(file));
