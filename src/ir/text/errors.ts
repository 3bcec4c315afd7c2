/** The two errors that are not our bugs. */

import { visibleText } from './shown-text.js';

/** A model is at fault. Message: `place: expected …; found …. remedy`. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  constructor(
    readonly place: string,
    readonly expected: string,
    readonly found: string,
    readonly remedy = '',
  ) {
    super(visibleText(`${place}: expected ${expected}; found ${found}${remedy && `. ${remedy}`}`));
  }
}

/** A pass could not do its work, or broke the model. */
export class PassError extends Error {
  override readonly name = 'PassError';
  constructor(
    readonly pass: string,
    /** 0-based place in the pipeline. */
    readonly position: number,
    /** Names of the passes that ran before it. */
    readonly before: readonly string[],
    override readonly cause: unknown,
  ) {
    const after = before.length ? ` (after ${before.join(', ')})` : '';
    super(`pass ${position + 1} ${pass}${after}: ${cause instanceof Error ? cause.message : cause}`);
  }
}

/** Throws TypeError where a program hands over something else than a model: plain JavaScript has no compiler to say so. */
export function expectModel(model: unknown, caller: string, forFiles = ''): void {
  if (typeof model === 'object' && model !== null && 'graph' in model) return;
  const found = typeof model === 'string' ? `the text "${model.slice(0, 60)}"` : model === null ? 'null' : typeof model;
  const expected = `${caller}: expected a Model, as readModel(path or bytes) gives, awaited; found ${found}`;
  throw new TypeError(visibleText(`${expected}${forFiles && `. ${forFiles}`}`));
}
