/** Names in a function that is made of repeats, and of its calls: what the repeats' own names have in common. */

import { freeName } from '../../ir/text/free-name.js';

/** The domain of functions that are made of repeats: short, as every call names it. */
export const BLOCKS = 'blocks';

/** The same part of every repeat, in their order. */
type RepeatNames = readonly string[];

/** Parts of a name that tell repeats apart: `layer.3`, `/h.3/`. */
const SEPARATOR = /([/.])/;

/** What each repeat's name begins with, up to and with the part that differs, and what all go on with. */
interface Split {
  readonly beginnings: RepeatNames;
  readonly rest: string;
  /** Between the two. */
  readonly separator: string;
}

/** `/layer.0/attn/MatMul`, `/layer.1/attn/MatMul` ⟶ `/layer.0`, `/layer.1` and `attn/MatMul`. */
function split(column: RepeatNames): Split | undefined {
  const parts = column.map((name) => name.split(SEPARATOR));
  const [first = []] = parts;
  if (parts.some(({ length }) => length !== first.length)) return undefined;
  const at = first.findIndex((part, index) => parts.some((other) => other[index] !== part));
  if (at < 0 || at + 2 >= first.length) return undefined;
  const rest = first.slice(at + 2).join('');
  if (rest === '' || parts.some((other) => other.slice(at + 2).join('') !== rest)) return undefined;
  return { beginnings: parts.map((other) => other.slice(0, at + 1).join('')), rest, separator: first[at + 1] ?? '' };
}

/** What names have in common but for their numbers: `present.0.key`, `present.1.key` ⟶ `present.key`; '' where it is nothing. */
function common(column: RepeatNames): string {
  const parts = column.map((name) => name.split(/(\d+)/));
  const [first = []] = parts;
  if (parts.some(({ length }) => length !== first.length)) return '';
  const kept = first.filter((part, index) => parts.every((other) => other[index] === part));
  return kept
    .join('')
    .replaceAll(/([./_:])[./_:]+/g, '$1')
    .replaceAll(/^[./_:]+|[./_:]+$/g, '');
}

/** The last part of a path. */
const lastPart = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** Names of one function's parts and calls. */
export class Labels {
  /** What the calls are named: as the repeats; '' where their names do not tell. */
  readonly calls: RepeatNames;
  readonly #taken = new Set<string>();

  /**
   * `nodes`, `constants`: the names of each, by place. Those of the nodes decide if half of them tell, as `inline` puts theirs
   * back from the calls'.
   */
  constructor(nodes: readonly RepeatNames[], constants: readonly RepeatNames[]) {
    const [byNodes, byConstants] = [mostFrequent(nodes), mostFrequent(constants)];
    const isTelling = byNodes && 2 * byNodes.count >= nodes.length;
    const chosen = isTelling ? byNodes : (byConstants ?? byNodes);
    this.calls = chosen?.beginnings ?? (nodes[0] ?? []).map(() => '');
  }

  /** Of a node in the body: behind the call's name and a slash stands what it was called. */
  node(column: RepeatNames): string {
    const found = split(column);
    if (found?.separator === '/' && isSame(found.beginnings, this.calls)) return found.rest;
    return common(column);
  }

  /** Of what a call hands in: a weight by what follows the repeat's name, what all share by its own. */
  input(column: RepeatNames, isComputed: boolean): string {
    const [first = ''] = column;
    const isShared = column.every((name) => name === first);
    if (isShared) return this.#free(lastPart(first) || 'x');
    return this.#free(isComputed ? 'x' : (split(column)?.rest ?? common(column)) || 'w');
  }

  /** Of what it gives. */
  output(column: RepeatNames, isPort: boolean): string {
    return this.#free((isPort && common(column)) || 'y');
  }

  #free(base: string): string {
    const free = freeName(base, (name) => this.#taken.has(name));
    this.#taken.add(free);
    return free;
  }
}

const isSame = (a: RepeatNames, b: RepeatNames): boolean => a.every((name, index) => name === b[index]);

interface Beginnings {
  readonly count: number;
  readonly beginnings: RepeatNames;
}

/** The beginnings that most names have, one for each repeat. */
function mostFrequent(columns: readonly RepeatNames[]): Beginnings | undefined {
  const counts = new Map<string, Beginnings>();
  for (const column of columns) {
    const { beginnings } = split(column) ?? {};
    if (!beginnings || new Set(beginnings).size < beginnings.length) continue;
    const key = beginnings.join('\n');
    const count = (counts.get(key)?.count ?? 0) + 1;
    counts.set(key, { count, beginnings });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0];
}
