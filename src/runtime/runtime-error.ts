/** What a runtime did instead of giving a result. It is a result as well: whoever runs models expects it. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  constructor(
    /** error: the runtime refused; crash: it ended the process; timeout: it was ended, because it took too long. */
    readonly kind: 'error' | 'crash' | 'timeout',
    message: string,
  ) {
    super(message);
  }
}
