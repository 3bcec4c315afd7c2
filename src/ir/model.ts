/** A model: a main graph, the functions it calls, and what the file says about itself. */

import type { Attribute } from './attribute.js';
import { Budget } from './budget.js';
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

/** The functions by what a call names and by their bodies, and what tells that the list was edited. */
interface FunctionPlaces {
  readonly length: number;
  readonly first: ModelFunction | undefined;
  readonly last: ModelFunction | undefined;
  readonly byCall: ReadonlyMap<string, ModelFunction>;
  readonly byBody: ReadonlyMap<Graph, ModelFunction>;
}

const callKey = (domain: string, name: string, overload: string): string => JSON.stringify([domain, name, overload]);

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
  /** What the numbers in it may make us do. */
  budget = new Budget();
  /** What the reader found and the IR does not model. */
  carried: unknown;

  readonly #header: ReturnType<typeof header>;
  #known: FunctionPlaces | undefined;
  #revision = 0;
  #edits = 0;
  #editsRead = -1;
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
    this.#edits++;
    if (isStructural) this.#structure++;
  }

  /** @internal Called where types were inferred. */
  touchTypes(): void {
    this.#revision++;
  }

  /** True while it is what a file says: nobody has edited it, at most types were inferred. */
  get isAsRead(): boolean {
    return this.#edits === this.#editsRead;
  }

  /** @internal Called by the reader, and where a copy of such a model is made. */
  markAsRead(): void {
    this.#editsRead = this.#edits;
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
    if (this.functions.length === 0) return undefined;
    return this.#places().byCall.get(callKey(call.domain, call.opType, call.overload));
  }

  /** The local function whose body a graph is; undefined for any other graph. */
  functionWith(body: Graph): ModelFunction | undefined {
    return this.#places().byBody.get(body);
  }

  /** The list is edited in place, by whoever adds or removes functions: its length and ends tell. */
  #places(): FunctionPlaces {
    const { functions } = this;
    const known = this.#known;
    if (known && known.length === functions.length && known.first === functions[0] && known.last === functions.at(-1))
      return known;
    const first = functions.toReversed();
    this.#known = {
      length: functions.length,
      first: functions[0],
      last: functions.at(-1),
      byCall: new Map(first.map((fn) => [callKey(fn.domain, fn.name, fn.overload), fn])),
      byBody: new Map(first.map((fn) => [fn.graph, fn])),
    };
    return this.#known;
  }
}
