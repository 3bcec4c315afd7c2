/** The calls between the host of a browser and its page. */
import type { LoadOptions, Port } from '../protocol.js';
import type { Adapter } from './adapter.js';

/** The requests to the page. What is large travels by address: models, feeds, results. */
export interface PageCalls {
  adapter: { arguments: undefined; result: Adapter };
  load: {
    arguments: {
      session: number;
      model: string;
      /** Files of weights: their names in the model, and where they are served. */
      data: readonly { readonly path: string; readonly data: string }[];
      options: LoadOptions;
    };
    result: { inputs: Port[]; outputs: Port[]; ms: number };
  };
  run: {
    arguments: { session: number; feeds: string; results: string; outputs: readonly string[] | undefined };
    result: { ms: number };
  };
  time: { arguments: { session: number; feeds: string; count: number }; result: { ms: number[] } };
  /** The trace since the session was loaded, as text. */
  endProfiling: { arguments: { session: number }; result: string };
  release: { arguments: { session: number }; result: undefined };
}

export type PageRequest = {
  [Name in keyof PageCalls]: { readonly call: Name; readonly arguments: PageCalls[Name]['arguments'] };
}[keyof PageCalls];

/** Begins the message of a device that is gone, with all its sessions. */
export const LOST = 'the GPU device was lost';
