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

/** Throws TypeError where a program hands over something else than a model: plain JavaScript has no compiler to say so. */
export function expectModel(model: unknown, caller: string, forFiles = ''): void {
  if (typeof model === 'object' && model !== null && 'graph' in model) return;
  const found = typeof model === 'string' ? `the text "${model.slice(0, 60)}"` : model === null ? 'null' : typeof model;
  const expected = `${caller}: expected a Model, as readModel(path or bytes) gives, awaited; found ${found}`;
  throw new TypeError(oneLine(`${expected}${forFiles && `. ${forFiles}`}`));
}
