/** Names for what is stamped out: as the instance's own nodes are called. */

/** Names of a stand-in's parts, each with its place in every list of names. */
export type PartNames = ReadonlyMap<string, number>;

/** What one instance calls the parts. */
export type Names = readonly string[];

/** A part of an instance, or of the one before or behind it. */
interface PartPlace {
  readonly offset: -1 | 0 | 1;
  readonly part: number;
}

/** What a label begins with. */
interface Beginning {
  readonly text: string;
  /** The name that begins so, and whose it is. */
  readonly name: string;
  readonly place: PartPlace;
}

/**
 * Renames labels of a stand-in to those of its instances: a name that the part had, or begins with (`…_output_0_int8`), or
 * whose beginning tells the instance (`/layer.2/…`). Others stay.
 */
export class Renaming {
  readonly #all: readonly Names[];
  readonly #places: ReadonlyMap<string, PartPlace>;
  /** By label; undefined where it begins like no name. */
  readonly #known = new Map<string, Beginning | undefined>();
  #beginnings: readonly Beginning[] | undefined;

  /**
   * `instances`: of each instance, what it calls the parts; `before` and `after`: the same of the stand-ins around it.
   * Passes may move a part of those into it: where segments meet is not where layers do.
   */
  constructor(instances: readonly Names[], [before, after]: readonly [Names, Names]) {
    this.#all = [before, ...instances, after];
    const places = (names: Names, offset: PartPlace['offset']) =>
      names.map((name, part) => [name, { offset, part }] as const);
    this.#places = new Map([...places(before, -1), ...places(after, 1), ...places(instances[0] ?? [], 0)]);
  }

  of(label: string, instance: number): string {
    if (label === '') return '';
    const place = this.#places.get(label);
    if (place) return this.#nameAt(place, instance) ?? label;
    const beginning = this.#beginningOf(label);
    const own = beginning && this.#ownOf(beginning, instance);
    return own ? own + label.slice(beginning.text.length) : label;
  }

  #nameAt({ offset, part }: PartPlace, instance: number): string | undefined {
    return this.#all[instance + 1 + offset]?.[part];
  }

  /** The longest that the label begins with. */
  #beginningOf(label: string): Beginning | undefined {
    if (!this.#known.has(label)) {
      this.#beginnings ??= this.#allBeginnings();
      this.#known.set(
        label,
        this.#beginnings.find(({ text }) => label.startsWith(text)),
      );
    }
    return this.#known.get(label);
  }

  /** Names, and what they begin with up to where the instance that is furthest differs: `/layer.2/`. The longest first. */
  #allBeginnings(): readonly Beginning[] {
    const all = new Map<string, Beginning>();
    const last = this.#all.length - 3;
    for (const [name, place] of this.#places) {
      const [text] = differing(name, this.#nameAt(place, place.offset > 0 ? 0 : last) ?? name) ?? [];
      if (text) all.set(text, { text, name, place });
    }
    for (const [name, place] of this.#places) all.set(name, { text: name, name, place });
    return [...all.values()].sort((a, b) => b.text.length - a.text.length);
  }

  #ownOf({ text, name, place }: Beginning, instance: number): string | undefined {
    const other = this.#nameAt(place, instance) ?? name;
    if (text === name) return other;
    const [beginning, own] = differing(name, other) ?? [];
    return beginning === text ? own : undefined;
  }
}

/** What two names begin with, up to behind the first slash or dot after they differ; undefined where that is all of one. */
function differing(name: string, other: string): readonly [string, string] | undefined {
  let at = 0;
  while (at < name.length && name[at] === other[at]) at++;
  if (at === name.length) return undefined;
  const [end, own] = [endOfPart(name, at), endOfPart(other, at)];
  return end < name.length && own < other.length ? [name.slice(0, end), other.slice(0, own)] : undefined;
}

/** Behind the next slash or dot. */
function endOfPart(name: string, from: number): number {
  for (let at = from; at < name.length; at++) if (name[at] === '/' || name[at] === '.') return at + 1;
  return name.length;
}
