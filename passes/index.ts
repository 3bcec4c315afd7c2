/** The catalogue, in reading order: what makes a model smaller and plainer, what fuses, what stores in fewer bits. */
import type { PassFactory } from '../src/run/pass.js';
import { flattenOutputs } from './flatten-outputs.js';
import { simplify } from './simplify.js';

export { flattenOutputs, simplify };

export const catalogue: readonly PassFactory[] = [simplify, flattenOutputs];
