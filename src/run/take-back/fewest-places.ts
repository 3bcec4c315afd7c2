/**
 * The least of a pass is taken back: the fewest places, of those where it would edit, without which the gate holds.
 *
 * Nothing of the pass is made at first. Then half of the places are tried, the other half, and of a half that breaks the gate its halves:
 * the largest first, so that what is found is as good as the time allows, and was run as a whole. Equal places of a repeated
 * block are one at first, however many instances there are; they are told apart where together they break the gate. Those with the largest constants are
 * given back first: what is left out then costs the fewest bytes.
 *
 * Why this way: to rate every place by itself takes as many runs as there are places, errors do not add up (a place that overflows spoils
 * all), and a place that is alone among casts is often left as it is. One odd product among 200 is found in 16 runs.
 */
import { append } from '../../ir/collections/lists.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { constantTensor } from '../../ir/tensors/constants.js';
import { findBlocks } from '../../region/blocks/index.js';
import type { EditFilter } from '../tune/edit-filter.js';
import type { Verdict } from '../verify/verifier.js';

/** A node by its number among those that a pass is given: the same in every run of the pass on one model. */
export type NodeNumber = number;

/** Places that are tried together: equal ones of all instances of a block, or one alone. */
export interface PlaceGroup {
  readonly places: readonly NodeNumber[];
}

/** The places that a pass is kept from, and those that it asked of. */
export class ExcludedPlaces {
  readonly #numbers = new Map<Node, NodeNumber>();
  readonly #bytes = new Map<NodeNumber, number>();
  /** What it asked of, as a report names it. */
  readonly asked = new Map<NodeNumber, string>();
  #columns: readonly (readonly NodeNumber[])[] = [];

  /** Without `places` it is kept from all. `labels`: what they are called, where these tell all places apart; an earlier pass may then give the model other numbers. */
  constructor(
    readonly places: ReadonlySet<NodeNumber> | undefined,
    readonly reason: string,
    readonly labels?: ReadonlySet<string>,
  ) {}

  get isEverywhere(): boolean {
    return this.places === undefined;
  }

  /** Keeps the pass from these of the places that it asked of here. */
  without(places: ReadonlySet<NodeNumber>): ExcludedPlaces {
    const areApart = new Set(this.asked.values()).size === this.asked.size;
    const labels = areApart ? new Set([...places].map((place) => this.asked.get(place) as string)) : undefined;
    return new ExcludedPlaces(places, this.reason, labels);
  }

  /** Called with the model before the pass edits it. */
  enter(model: Model): void {
    this.#numbers.clear();
    this.#bytes.clear();
    this.asked.clear();
    for (const graph of model.graphs()) for (const node of graph.nodeSet) this.#numbers.set(node, this.#numbers.size);
    if (this.places) return;
    for (const [node, number] of this.#numbers) this.#bytes.set(number, bytesReadBy(node));
    const placeOf = (node: Node): NodeNumber => this.#numbers.get(node) as NodeNumber;
    this.#columns = findBlocks(model.graph).flatMap(({ instances }) =>
      (instances[0]?.nodes ?? []).map((_, i) => instances.map(({ nodes }) => placeOf(nodes[i] as Node))),
    );
  }

  /** The filter of a turn of the pass, and these places besides. */
  over(filter: EditFilter | undefined): EditFilter {
    return {
      variant: filter?.variant ?? '',
      isTold: (about) => filter?.isTold(about) ?? true,
      leaves: (node) => filter?.leaves(node) ?? this.#leaves(node),
    };
  }

  #leaves(node: Node): string | undefined {
    const place = this.#numbers.get(node);
    if (place === undefined) return undefined;
    this.asked.set(place, node.label);
    const isKept = this.labels?.has(node.label) ?? this.places?.has(place) ?? true;
    return isKept ? this.reason : undefined;
  }

  /** What it asked of, equal places of a block as one: those that read the most constants first, else in the order of the model. */
  units(): PlaceGroup[] {
    const seen = new Set<NodeNumber>();
    const units: PlaceGroup[] = [];
    const add = (list: readonly NodeNumber[]): void => {
      const places = list.filter((place) => this.asked.has(place) && !seen.has(place));
      for (const place of places) seen.add(place);
      if (places.length) units.push({ places });
    };
    this.#columns.forEach(add);
    for (const place of this.asked.keys()) add([place]);
    const bytesOf = ({ places }: PlaceGroup): number =>
      places.reduce((sum, place) => sum + (this.#bytes.get(place) ?? 0), 0);
    return units.sort((a, b) => bytesOf(b) - bytesOf(a) || (a.places[0] as NodeNumber) - (b.places[0] as NodeNumber));
  }
}

/** Bytes of the constants among the inputs. */
const bytesReadBy = ({ inputs }: Node): number =>
  inputs.reduce((sum, value) => sum + (constantTensor(value)?.byteLength ?? 0), 0);

/** After so many tries without which nothing holds, hardly anything of the pass would be left: sixteenths were tried. */
const HOPELESS = 30;

export interface FewestPlaces {
  readonly places: ReadonlySet<NodeNumber>;
  readonly verdict: Verdict;
  /** Whether time was over before all of them were tried. */
  readonly isCut: boolean;
}

/**
 * The fewest places without which `test` accepts; undefined where that is about all of them. `isTime` says whether another try may begin.
 */
export async function fewestExcluded(
  units: readonly PlaceGroup[],
  test: (excluded: ReadonlySet<NodeNumber>) => Promise<Verdict>,
  isTime: () => boolean,
): Promise<FewestPlaces | undefined> {
  let excluded: ReadonlySet<NodeNumber> = new Set(units.flatMap(({ places }) => places));
  let verdict: Verdict | undefined;
  const halves = (range: readonly PlaceGroup[]): (readonly PlaceGroup[])[] => {
    const [only] = range;
    const parts = range.length > 1 || !only ? range : only.places.map((place) => ({ places: [place] }));
    const middle = parts.length >> 1;
    return parts.length > 1 ? [parts.slice(0, middle), parts.slice(middle)] : [];
  };
  const sizeOf = (range: readonly PlaceGroup[]): number => range.reduce((sum, { places }) => sum + places.length, 0);
  const queue = halves(units);
  for (let tries = 0; queue.length > 0 && isTime(); tries++) {
    if (!verdict && tries >= HOPELESS) return undefined;
    queue.sort((a, b) => sizeOf(b) - sizeOf(a));
    const range = queue.shift() as readonly PlaceGroup[];
    const released = new Set(range.flatMap(({ places }) => places));
    const fewer = new Set([...excluded].filter((place) => !released.has(place)));
    const found = await test(fewer);
    if (found.outcome === 'accepted') [excluded, verdict] = [fewer, found];
    else append(queue, halves(range));
  }
  return verdict && { places: excluded, verdict, isCut: queue.length > 0 };
}
