/** The two errors that are not our bugs. */

/** Names in a file may hold anything: line ends and terminal controls are shown as escapes. */
const oneLine = (text: string): string =>
  text.replace(/\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A model is at fault. Message: `place: expected …; found …. remedy`. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  constructor(
    readonly place: string,
    readonly expected: string,
    readonly found: string,
    readonly remedy = '',
  ) {
    super(oneLine(`${place}: expected ${expected}; found ${found}${remedy && `. ${remedy}`}`));
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
