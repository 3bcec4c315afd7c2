/** The scope that a node's name tells: the module that an exporter wrote it from. */
import { maxOf } from '../collections/lists.js';
import type { Node } from '../node.js';
import { parametersOf } from '../tensors/parameters.js';

const OTHER = 'other';

/** Scopes have as many words in common, `model` for one, when this share of them has. */
const MOST = 0.8;

/** Nodes by the first word of their scope that they do not all have in common, in order; those without one come last, as `other`. */
export function byScope(nodes: readonly Node[]): Map<string, Node[]> {
  const scopes = nodes.map(scopeOf);
  const common = sharedWords(scopes.filter((scope) => scope.length > 0));
  const groups = new Map<string, Node[]>();
  nodes.forEach((node, at) => {
    const name = wordAt(scopes[at] ?? [], common)?.replace(/_/g, ' ') ?? OTHER;
    const group = groups.get(name);
    if (group) group.push(node);
    else groups.set(name, [node]);
  });
  return new Map([...groups].sort(([a], [b]) => Number(a === OTHER) - Number(b === OTHER)));
}

function sharedWords(scopes: readonly (readonly string[])[]): number {
  for (let at = 0; ; at++) {
    const counts = new Map<string, number>();
    for (const { [at]: word } of scopes) if (word) counts.set(word, (counts.get(word) ?? 0) + 1);
    if (maxOf(counts.values(), 0) < Math.max(1, MOST * scopes.length)) return at;
  }
}

/** A number alone says nothing: the word before it goes with it. */
const wordAt = (scope: readonly string[], at: number): string | undefined =>
  /^\d+$/.test(scope[at] ?? '') && at > 0 ? `${scope[at - 1]} ${scope[at]}` : scope[at];

/** Where a node stands: from its own name where that is a path, else from that of a weight it reads. */
function scopeOf(node: Node): string[] {
  const path = node.name.split('/').filter(Boolean).slice(0, -1);
  if (path.length > 0) return path.flatMap((word) => word.split('.'));
  for (const value of node.inputs)
    if (value && parametersOf(value) > 0 && value.name.includes('.')) return value.name.split('.').slice(0, -1);
  return [];
}
