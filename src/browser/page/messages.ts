/** What the page and its worker say to each other: plain data, so that neither loads the other's code. */

/** A name and a text beside it. */
export type Named = readonly [name: string, text: string];

/** What can be chosen. */
export interface PageChoices {
  readonly version: string;
  /** With their summaries. */
  readonly presets: readonly Named[];
  readonly passes: readonly Named[];
  readonly targets: readonly string[];
  /** True where the builder of the page added onnxruntime-web. */
  readonly hasRuntime: boolean;
}

/** A model as the page shows it. */
export interface ModelView {
  readonly name: string;
  /** A title, a figure, and what it is made of. */
  readonly facts: readonly (readonly [title: string, value: string, detail: string])[];
  readonly inputs: readonly Named[];
  readonly outputs: readonly Named[];
  /** Blocks with their counts, then operators with theirs. */
  readonly blocks: readonly Named[];
  readonly operators: readonly Named[];
  /** What is wrong with the file. */
  readonly faults: readonly string[];
}

export interface Result {
  readonly files: readonly { readonly name: string; readonly blob: Blob }[];
  readonly state: 'done' | 'partly' | 'failed';
  /** The headline, then what to know of the proof. */
  readonly lines: readonly string[];
  /** The report as a page and as JSON. */
  readonly html: string;
  readonly json: string;
}

export interface Order {
  /** As after `--passes`. */
  readonly passes: string;
  readonly target: string;
  /** Whether passes are verified on the runtime. */
  readonly verified: boolean;
}

export type Question =
  | { readonly kind: 'read'; readonly model: File; readonly data: readonly File[] }
  | ({ readonly kind: 'optimize' } & Order);

export type Answer =
  | { readonly kind: 'ready'; readonly choices: PageChoices }
  | { readonly kind: 'read'; readonly view: ModelView }
  | { readonly kind: 'progress'; readonly text: string; readonly share: number }
  | { readonly kind: 'result'; readonly result: Result }
  | { readonly kind: 'refused'; readonly about: Question['kind']; readonly text: string };
