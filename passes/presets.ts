/** Named pipelines. */
import type { Preset } from '../src/run/parse.js';
import { simplify } from './index.js';

export const presets: readonly Preset[] = [
  { name: 'exact', summary: 'Nothing that changes a number beyond the order of sums.', passes: [simplify()] },
];
