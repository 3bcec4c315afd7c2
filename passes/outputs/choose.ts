/** Chooses the outputs that stay, and groups outputs that belong together, both by patterns of names. */

import { portsOf, type Structure, type Structures } from '../../src/contract/structure.js';
import { globOf } from '../../src/ir/text/glob.js';
import { UsageError, unknownText } from '../../src/ir/text/usage-error.js';

/** An output: its name before, and the names of its ports now. */
export interface OutputPorts {
  readonly name: string;
  readonly ports: readonly string[];
}

/** The part of an output that stays: all of it, nothing, or some of its ports. */
export type KeptPorts = 'all' | 'none' | ReadonlySet<string>;

/**
 * Chooses the part of each output that stays. Without a pattern all of it does; a pattern with `!` removes. Throws
 * UsageError for a pattern that fits no name. A removing pattern may fit none, as in a model that it was already
 * applied to: it is passed to `unfit`.
 */
export function choose(
  outputs: readonly OutputPorts[],
  patterns: readonly string[],
  unfit: (pattern: string) => void,
): KeptPorts[] {
  const names = [...new Set(outputs.flatMap(({ name, ports }) => [name, ...ports]))];
  const kept = patterns.filter((pattern) => !pattern.startsWith('!'));
  const dropped = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const isKept = matcher(kept, names, (pattern) => {
    throw new UsageError(unfitText(pattern, outputs));
  });
  const isDropped = matcher(dropped, names, unfit);
  return outputs.map(({ name, ports }): KeptPorts => {
    if (isDropped(name)) return 'none';
    const isWhole = kept.length === 0 || isKept(name);
    const staying = ports.filter((port) => (isWhole || isKept(port)) && !isDropped(port));
    if (staying.length === ports.length && (isWhole || ports.length > 0)) return 'all';
    return staying.length === 0 ? 'none' : new Set(staying);
  });
}

/** Tells whether a name fits any of the patterns. */
function matcher(patterns: readonly string[], names: readonly string[], unfit: (pattern: string) => void) {
  const globs = patterns.map((pattern) => {
    const glob = globOf(pattern);
    if (!names.some((name) => glob.test(name))) unfit(pattern);
    return glob;
  });
  return (name: string): boolean => globs.some((glob) => glob.test(name));
}

function unfitText(pattern: string, outputs: readonly OutputPorts[]): string {
  const names = [...new Set(outputs.map(({ name }) => name))];
  const text = unknownText('output', pattern, names);
  return text.includes('did you mean') ? `${text} There are: ${names.join(', ')}` : text;
}

/** The parts of a name: `present.0.key` and `hidden_states_3` are numbered. */
const partsOf = (name: string): string[] => name.split(/\.|_(?=\d+(?:\.|$))/);

type OutputTree = Map<string, OutputTree | Structure>;

/**
 * Outputs whose names fit one of the patterns, put together by the parts of their names; numbers from 0 on make a list. Throws
 * UsageError for a pattern that fits no output, and where one name is part of another.
 */
export function grouped(structures: Structures, patterns: readonly string[]): Structures {
  const names = Object.entries(structures).flatMap(([name, one]) => [name, ...portsOf(one)]);
  const isMeant = matcher(patterns, names, (pattern) => {
    throw new UsageError(unknownText('output', pattern, names));
  });
  const root: OutputTree = new Map();
  for (const [name, structure] of Object.entries(structures))
    put(root, isMeant(name) ? partsOf(name) : [name], structure, name);
  return Object.fromEntries([...root].map(([name, one]) => [name, fromTree(one)]));
}

function put(tree: OutputTree, [part = '', ...rest]: readonly string[], structure: Structure, name: string): void {
  const there = tree.get(part);
  if (there && (rest.length === 0 || !(there instanceof Map)))
    throw new UsageError(`outputs cannot be grouped: "${name}" stands where another output is`);
  if (rest.length === 0) tree.set(part, structure);
  else {
    const inner: OutputTree = there instanceof Map ? there : new Map();
    tree.set(part, inner);
    put(inner, rest, structure, name);
  }
}

function fromTree(tree: OutputTree | Structure): Structure {
  if (!(tree instanceof Map)) return tree;
  const numbers = [...tree.keys()].sort((a, b) => Number(a) - Number(b));
  if (numbers.every((key, index) => key === String(index)))
    return { kind: 'list', items: numbers.map((key) => fromTree(tree.get(key) as OutputTree | Structure)) };
  return { kind: 'dict', entries: Object.fromEntries([...tree].map(([key, one]) => [key, fromTree(one)])) };
}
