/** Names for what is stamped out: as the instance's own nodes are called. */

/** Names of a stand-in's parts, each with the name of the same part of one instance. */
export type Names = ReadonlyMap<string, string>;

/**
 * Renames labels of a stand-in to those of its instances: a name that the part had, or begins with (`…_output_0_int8`), or
 * whose beginning tells the instance (`/layer.2/…`). Others stay.
 */
export class Renaming {
  readonly #known = new Map<string, string | undefined>();
  readonly #candidates: readonly string[];
  readonly #names: readonly Names[];

  /** `instances`: of each instance, what its parts are called. */
  constructor(instances: readonly Names[]) {
    this.#names = instances.map(withBeginnings);
    this.#candidates = [...new Set(this.#names.flatMap((names) => [...names.keys()]))].sort(
      (a, b) => b.length - a.length,
    );
  }

  of(label: string, instance: number): string {
    const names = this.#names[instance];
    const exact = names?.get(label);
    if (exact !== undefined || label === '') return exact ?? '';
    if (!this.#known.has(label))
      this.#known.set(
        label,
        this.#candidates.find((one) => label.startsWith(one)),
      );
    const beginning = this.#known.get(label);
    const own = beginning && names?.get(beginning);
    return own ? own + label.slice(beginning.length) : label;
  }
}

/** Adds what the names begin with up to the first difference: `/layer.2/` ⟶ `/layer.7/`. */
function withBeginnings(names: Names): Names {
  const all = new Map<string, string>();
  for (const [from, to] of names) {
    const [a, b] = [from, to].map((name) => name.split(/(?<=[/.])/)) as [string[], string[]];
    const at = a.findIndex((part, index) => part !== b[index]);
    if (at >= 0 && at < a.length - 1 && at < b.length - 1)
      all.set(a.slice(0, at + 1).join(''), b.slice(0, at + 1).join(''));
  }
  return new Map([...all, ...names]);
}
