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

  /**
   * `instances`: of each instance, what its parts are called by what those of the first are; `before` and `after`: the same
   * of the stand-ins around it. Passes may move a part of those into it: where segments meet is not where layers do.
   */
  constructor(instances: readonly Names[], [before, after]: readonly [Names, Names]) {
    const all = [before, ...instances, after];
    const shifted = (from: Names, to: Names) => [...from].map(([part, name]) => [name, to.get(part) ?? name] as const);
    this.#names = instances.map((names, index) =>
      withBeginnings(
        new Map([...shifted(before, all[index] as Names), ...shifted(after, all[index + 2] as Names), ...names]),
      ),
    );
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
    let at = 0;
    while (at < from.length && from[at] === to[at]) at++;
    if (at === from.length) continue;
    const [end, own] = [from, to].map((name) => endOfPart(name, at)) as [number, number];
    if (end < from.length && own < to.length) all.set(from.slice(0, end), to.slice(0, own));
  }
  return new Map([...all, ...names]);
}

/** Behind the next slash or dot. */
function endOfPart(name: string, from: number): number {
  for (let at = from; at < name.length; at++) if (name[at] === '/' || name[at] === '.') return at + 1;
  return name.length;
}
