/** A model: a main graph, the functions it calls, and what the file says about itself. */

import type { Attribute } from './attribute.js';
import { Graph } from './graph.js';
import { Opsets } from './opsets.js';
import { scopesIn } from './scopes.js';

/** A local function: an op defined by a graph. */
export interface ModelFunction {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  /** The body; its inputs and outputs are the function's. */
  readonly graph: Graph;
  /** Names of the attributes without a default. */
  readonly attributes: readonly string[];
  /** Attributes with their default. */
  readonly defaults: ReadonlyMap<string, Attribute>;
  docString: string;
  carried?: unknown;
}

/** One key and its value, as in metadata_props. */
export interface Entry {
  readonly key: string;
  readonly value: string;
}

/** What the file says about itself. */
const header = (irVersion: number) => ({
  irVersion,
  producerName: '',
  producerVersion: '',
  domain: '',
  modelVersion: 0n,
  docString: '',
  metadata: [] as readonly Entry[],
});

export class Model {
  // The header's fields: accessors, defined below, as setting one is an edit.
  declare irVersion: number;
  declare producerName: string;
  declare producerVersion: string;
  declare domain: string;
  declare modelVersion: bigint;
  declare docString: string;
  /** To be replaced, not edited in place. */
  declare metadata: readonly Entry[];
  /** Operator sets the model imports, by domain ('' is ai.onnx). */
  readonly opsets: Map<string, number>;
  readonly functions: ModelFunction[] = [];
  readonly graph: Graph;
  /** What the reader found and the IR does not model. */
  carried: unknown;

  readonly #header: ReturnType<typeof header>;
  #revision = 0;
  #structure = 0;
  #sequence = 0;

  constructor(opsets: Iterable<readonly [string, number]>, irVersion = 8) {
    this.#header = header(irVersion);
    this.opsets = new Opsets(opsets, () => this.touch(true));
    this.graph = new Graph(this);
  }

  static {
    for (const name of Object.keys(header(0)))
      Object.defineProperty(Model.prototype, name, {
        get(this: Model) {
          return Reflect.get(this.#header, name);
        },
        set(this: Model, value: unknown) {
          if (Reflect.get(this.#header, name) === value) return;
          Reflect.set(this.#header, name, value);
          this.touch();
        },
      });
  }

  /** Grows with every edit: "did it change?" is a comparison. */
  get revision(): number {
    return this.#revision;
  }

  /** Grows with every edit of nodes, connections and constants, but not of types and numbers. */
  get structure(): number {
    return this.#structure;
  }

  /** @internal Called by every edit. */
  touch(isStructural = false): void {
    this.#revision++;
    if (isStructural) this.#structure++;
  }

  /** @internal Numbers nodes and values in order of creation. */
  nextSequence(): number {
    return this.#sequence++;
  }

  /** Every scope: the main graph, the functions' graphs, and the bodies inside them, outer before inner. */
  *graphs(): Iterable<Graph> {
    yield* scopesIn(this.graph);
    for (const { graph } of this.functions) yield* scopesIn(graph);
  }

  /** The local function that a call names; undefined for an operator. */
  functionOf(call: { domain: string; opType: string; overload: string }): ModelFunction | undefined {
    return this.functions.find(
      (f) => f.domain === call.domain && f.name === call.opType && f.overload === call.overload,
    );
  }
}
