/** A model. Its members are described in structure.ts. */

import { Graph } from './graph.js';
import { Opsets } from './opsets.js';
import { Budget } from './options/budget.js';
import { scopesIn } from './scopes/scopes.js';
import type { Entry, ModelFunction, Model as ModelType } from './structure.js';

export type { Entry, ModelFunction } from './structure.js';

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

class OnnxModel implements ModelType {
  // The header's fields: accessors, defined below, as setting one is an edit.
  declare irVersion: number;
  declare producerName: string;
  declare producerVersion: string;
  declare domain: string;
  declare modelVersion: bigint;
  declare docString: string;
  declare metadata: readonly Entry[];
  readonly opsets: Map<string, number>;
  readonly functions: ModelFunction[] = [];
  readonly graph: Graph;
  budget = new Budget();
  trail: ModelType['trail'];
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
      Object.defineProperty(OnnxModel.prototype, name, {
        get(this: OnnxModel) {
          return Reflect.get(this.#header, name);
        },
        set(this: OnnxModel, value: unknown) {
          if (Reflect.get(this.#header, name) === value) return;
          Reflect.set(this.#header, name, value);
          this.touch();
        },
      });
  }

  get revision(): number {
    return this.#revision;
  }

  get structure(): number {
    return this.#structure;
  }

  touch(isStructural = false): void {
    this.#revision++;
    this.#edits++;
    if (isStructural) this.#structure++;
  }

  touchTypes(): void {
    this.#revision++;
  }

  get isAsRead(): boolean {
    return this.#edits === this.#editsRead;
  }

  markAsRead(): void {
    this.#editsRead = this.#edits;
  }

  nextSequence(): number {
    return this.#sequence++;
  }

  *graphs(): Iterable<Graph> {
    yield* scopesIn(this.graph);
    for (const { graph } of this.functions) yield* scopesIn(graph);
  }

  functionOf(call: { domain: string; opType: string; overload: string }): ModelFunction | undefined {
    if (this.functions.length === 0) return undefined;
    return this.#places().byCall.get(callKey(call.domain, call.opType, call.overload));
  }

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

/** A model: its main graph, functions, operator sets and metadata. */
export type Model = ModelType;
/** Makes an empty model. `readModel` and `buildModel` give one with nodes. */
export const Model: new (...parts: ConstructorParameters<typeof OnnxModel>) => Model = OnnxModel;
