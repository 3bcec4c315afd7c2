/** Names for a file: ports keep theirs, every other value keeps its label where it is free and gets a number where it is not. */
import type { Graph } from '../ir/graph.js';
import type { Value } from '../ir/value.js';

/** The names of one scope. */
export class ScopeNames {
  readonly #taken = new Set<string>();
  readonly #names = new Map<Value, string>();
  /** Ports whose value has another name: an Identity node gives it theirs. */
  readonly renamed: { port: string; value: Value }[] = [];

  constructor(
    graph: Graph,
    readonly outer?: ScopeNames,
  ) {
    for (const value of graph.inputs) this.#give(value, value.name);
    for (const { name } of graph.outputPorts) this.#taken.add(name);
    graph.outputPorts.forEach(({ name }, index) => {
      const value = graph.outputs[index] as Value;
      const current = this.#names.get(value) ?? (value.graph === graph ? undefined : outer?.find(value));
      if (current === name) return;
      if (current === undefined && value.graph === graph) this.#names.set(value, name);
      else this.renamed.push({ port: name, value });
    });
    for (const value of graph.values()) if (!this.#names.has(value)) this.#give(value, this.free(baseOf(value)));
  }

  #give(value: Value, name: string): void {
    this.#names.set(value, name);
    this.#taken.add(name);
  }

  #has(name: string): boolean {
    for (let scope: ScopeNames | undefined = this; scope; scope = scope.outer) if (scope.#taken.has(name)) return true;
    return false;
  }

  /** A name of this scope that neither it nor an outer one has. */
  free(base: string): string {
    if (!this.#has(base)) return base;
    for (let n = 1; ; n++) if (!this.#has(`${base}_${n}`)) return `${base}_${n}`;
  }

  find(value: Value): string | undefined {
    return this.#names.get(value) ?? this.outer?.find(value);
  }

  /** The name of a value in scope; '' for one left out. */
  of(value: Value | undefined): string {
    if (!value) return '';
    const name = this.find(value);
    if (name === undefined) throw new Error(`write: "${value.name}" is used outside the scope that defines it`);
    return name;
  }
}

const baseOf = (value: Value): string => value.name || value.producer?.name || value.producer?.opType || 'constant';
