/**
 * Where hollow CUDA was laid (`node .ci/hollow/build.mjs`): the real CUDA provider on libraries that compute nothing. A test runs with it where it is
 * there; `.ci/run` lays it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../models.js';

const folder = process.env.HOLLOW_CUDA ?? join(root, 'node_modules/.cache/hollow');

export const hasHollow = existsSync(join(folder, 'lib/libcudart.so.13'));

/** The variables of a process that runs models on it. */
export const hollow = {
  ONNX_PASSES_RUNTIME: folder,
  LD_LIBRARY_PATH: join(folder, 'lib'),
};
