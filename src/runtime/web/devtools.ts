/** Speaks Chrome's DevTools protocol over two pipes: there is no port that another process of the machine could use, and the browser ends with the pipe. */
import type { Readable, Writable } from 'node:stream';

interface Received {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: unknown;
}

export class DevTools {
  readonly #to: Writable;
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  readonly #actions = new Map<string, (params: unknown) => void>();
  #count = 0;

  constructor(to: Writable, from: Readable) {
    this.#to = to;
    // The browser may end first: its end is told by the process.
    to.on('error', () => {});
    const parts: Buffer[] = [];
    from.on('data', (chunk: Buffer) => {
      let start = 0;
      for (let end = chunk.indexOf(0); end >= 0; end = chunk.indexOf(0, start)) {
        parts.push(chunk.subarray(start, end));
        this.#take(JSON.parse(Buffer.concat(parts.splice(0)).toString()));
        start = end + 1;
      }
      parts.push(chunk.subarray(start));
    });
  }

  send<Result = unknown>(method: string, params: object = {}, sessionId?: string): Promise<Result> {
    const id = ++this.#count;
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    }) as Promise<Result>;
  }

  /** Calls the action with what each such event says. */
  on(event: string, action: (params: unknown) => void): void {
    this.#actions.set(event, action);
  }

  #take({ id, result, error, method, params }: Received): void {
    if (method) this.#actions.get(method)?.(params);
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || !waiting) return;
    this.#waiting.delete(id);
    if (error) waiting.reject(new Error(error.message));
    else waiting.resolve(result);
  }
}
