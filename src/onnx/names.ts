/**
 * Names for a file: ports of a model keep theirs, every other value keeps its label where it is free and gets a number
 * where it is not. No name hides one of an outer scope.
 */

import type { Graph } from '../ir/graph.js';
import { ModelError } from '../ir/text/errors.js';
import type { Value } from '../ir/value.js';

/** The names of one scope. */
export class ScopeNames {
  readonly #taken = new Set<string>();
  readonly #names = new Map<Value, string>();
  readonly #nodes = new Set<string>();
  /** The number to try next for a base: those before it are taken, and stay so. */
  readonly #numbers = new Map<string, number>();
  /** Names of the output ports, in order. */
  readonly ports: readonly string[];
  /** Ports whose value has another name: an Identity node gives it theirs. */
  readonly renamed: { port: string; value: Value }[] = [];

  constructor(
    graph: Graph,
    readonly outer?: ScopeNames,
  ) {
    // Ports of a body count by position, and runtimes refuse names that hide outer ones. BeamSearch and its kind ask for names.
    const hidden = graph.owner?.domain === 'com.microsoft' ? undefined : outer;
    for (const value of graph.inputs) this.#give(value, hidden?.has(value.name) ? this.free(value.name) : value.name);
    const inputs = new Map(graph.inputs.map((value) => [this.of(value), value]));
    const wanted = graph.outputPorts.map(({ name }) => name);
    for (const name of wanted) this.#taken.add(name);
    const given = new Map<string, Value>();
    this.ports = wanted.map((wish, index) => {
      const value = graph.outputs[index] as Value;
      // An output that a model lists twice.
      if (!outer && given.get(wish) === value) return wish;
      given.set(wish, value);
      const current = this.#names.get(value);
      if (current === wish) return wish;
      if (!outer && inputs.has(wish))
        throw new ModelError(
          `graph "${graph.name}"`,
          `output "${wish}" to be the input of that name, or to have another name`,
          `another value, "${value.name}"`,
        );
      const isOthers = outer && wanted.indexOf(wish) < index && graph.outputs[wanted.indexOf(wish)] !== value;
      const name = isOthers || hidden?.has(wish) || inputs.has(wish) ? this.free(wish) : wish;
      this.#taken.add(name);
      if (current === undefined && value.graph === graph) this.#names.set(value, name);
      else this.renamed.push({ port: name, value });
      return name;
    });
    for (const value of graph.values()) if (!this.#names.has(value)) this.#give(value, this.free(baseOf(value)));
  }

  #give(value: Value, name: string): void {
    this.#names.set(value, name);
    this.#taken.add(name);
  }

  has(name: string): boolean {
    for (let scope: ScopeNames | undefined = this; scope; scope = scope.outer) if (scope.#taken.has(name)) return true;
    return false;
  }

  /**
   * The name of a node: its own, numbered where an earlier one has it, because runtimes refuse two of one name.
   * A name that the file itself repeats (`repeated`) stays as it was read.
   */
  nodeName(name: string, repeated: ReadonlySet<string> | undefined): string {
    if (name === '' || repeated?.has(name)) return name;
    const free = this.#nodes.has(name) ? this.#numbered(name, 'node', (one) => this.#nodes.has(one)) : name;
    this.#nodes.add(free);
    return free;
  }

  /** A name of this scope that neither it nor an outer one has. */
  free(base: string): string {
    return this.has(base) ? this.#numbered(base, 'value', (one) => this.has(one)) : base;
  }

  /** The base with the first number that is free. Thousands of values may have one base: each search goes on where the last ended. */
  #numbered(base: string, of: 'node' | 'value', isTaken: (name: string) => boolean): string {
    const key = `${of} ${base}`;
    let n = this.#numbers.get(key) ?? 1;
    while (isTaken(`${base}_${n}`)) n++;
    this.#numbers.set(key, n);
    return `${base}_${n}`;
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
