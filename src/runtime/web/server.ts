/** Serves files to the page of a browser on this machine: on 127.0.0.1 alone, below a path that only the page knows. */
import { randomBytes } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, extname, join } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Something that the page may fetch, at a path below the secret one. */
type Served = string | Uint8Array;

export class FileServer {
  readonly #secret = randomBytes(16).toString('hex');
  readonly #served = new Map<string, Served>();
  readonly #awaited = new Map<string, (body: Uint8Array) => void>();
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #folders: Readonly<Record<string, string>>;
  #count = 0;

  /** The page runs the script. Files directly in these folders are served below the folders' names here. */
  constructor(script: string, folders: Readonly<Record<string, string>>) {
    this.#folders = folders;
    this.#served.set(
      '',
      new TextEncoder().encode(
        `<!doctype html><title>onnx-passes</title><script type="module" src="${script}"></script>`,
      ),
    );
  }

  /** Starts it; the address of the page. It does not keep Node from ending. */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${this.#secret}/`;
  }

  /** Serves a file, or bytes, until `remove` is called. */
  add(served: Served): { readonly path: string; remove(): void } {
    const path = `given/${++this.#count}`;
    this.#served.set(path, served);
    return { path, remove: () => this.#served.delete(path) };
  }

  /** A path to post to, and what is posted there. */
  awaited(): { readonly path: string; readonly body: Promise<Uint8Array>; remove(): void } {
    const path = `results/${++this.#count}`;
    const body = new Promise<Uint8Array>((resolve) => this.#awaited.set(path, resolve));
    return { path, body, remove: () => this.#awaited.delete(path) };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    // Threads of WebAssembly need a page that shares memory with no other.
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    const start = `/${this.#secret}/`;
    const path = request.url?.startsWith(start) ? request.url.slice(start.length) : undefined;
    const resolve = path === undefined ? undefined : this.#awaited.get(path);
    if (resolve && request.method === 'POST') {
      receive(request, response, resolve);
      return;
    }
    const served = path === undefined || request.method !== 'GET' ? undefined : this.#find(path);
    if (served === undefined) end(response, 404);
    else if (typeof served === 'string') sendFile(response, served);
    else {
      response.setHeader('Content-Type', path === '' ? 'text/html' : 'application/octet-stream');
      response.setHeader('Content-Length', served.byteLength);
      response.end(served);
    }
  }

  #find(path: string): Served | undefined {
    const [name = '', file = ''] = path.split('/');
    const folder = this.#folders[name];
    return folder ? join(folder, basename(file)) : this.#served.get(path);
  }
}

function end(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.end();
}

function receive(request: IncomingMessage, response: ServerResponse, resolve: (body: Uint8Array) => void): void {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    // In a buffer of its own, so that numbers are aligned.
    const body = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let offset = 0;
    for (const part of parts) {
      body.set(part, offset);
      offset += part.length;
    }
    resolve(body);
    end(response, 200);
  });
}

function sendFile(response: ServerResponse, path: string): void {
  const stream = createReadStream(path);
  stream.on('error', () => (response.headersSent ? response.destroy() : end(response, 404)));
  stream.on('open', () => {
    response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream');
    response.setHeader('Content-Length', statSync(path).size);
    stream.pipe(response);
  });
}
