/** The two errors that are not our bugs. */

/** A model is at fault. Message: `place: expected …; found …. remedy`. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  constructor(
    readonly place: string,
    readonly expected: string,
    readonly found: string,
    readonly remedy = '',
  ) {
    super(`${place}: expected ${expected}; found ${found}${remedy && `. ${remedy}`}`);
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
