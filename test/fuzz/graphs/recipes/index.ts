/** What a graph is made of, and how often. */
import type { Sketch } from '../sketch.js';
import * as elementwise from './elementwise.js';
import { standardNode } from './standard.js';

/** Adds nodes to a sketch; throws Unavailable where it cannot. */
export type Recipe = (sketch: Sketch) => void;

export const recipes: readonly (readonly [recipe: Recipe, weight: number])[] = [
  ...Object.values(elementwise)
    .filter((one) => one.length === 1)
    .map((recipe) => [recipe as Recipe, 1] as const),
  [standardNode, 8],
];
