/** What a block is called: the scope that its nodes' and weights' names have in common, without the number that counts it. */
import type { BlockInstance } from './block.js';

/** Words of a name, as exporters join them. */
const words = (name: string): string[] => name.split(/[/.]/).filter(Boolean);

const isNumber = (word: string | undefined): boolean => /^\d+$/.test(word ?? '');

/**
 * `encoder layer` of `/encoder/layer.0/…` and `/encoder/layer.1/…`; `resnet` of `down.0.resnets.1.…` and `mid.resnets.0.…`;
 * the most frequent ops where names say nothing.
 */
export function nameOf(instances: readonly BlockInstance[]): string {
  const [first, second] = instances as [BlockInstance, BlockInstance];
  const counted = new Map<string, number>();
  const shared = new Map<string, number>();
  for (const kind of ['nodes', 'constants', 'outputs'] as const)
    first[kind].forEach(({ name }, at) => {
      const [own, its] = [words(name), words(second[kind][at]?.name ?? '')];
      vote(counted, scopeBefore(own, its));
      vote(shared, wordsAfter(own, its));
    });
  const best = most(counted) ?? most(shared);
  if (best) return best.replace(/([^s])s$/, '$1');
  const ops = new Map<string, number>();
  for (const { opType } of first.nodes) vote(ops, opType);
  const frequent = [...ops].sort(([, m], [, n]) => n - m).slice(0, 3);
  return frequent.map(([op]) => op).join(' ');
}

/** The last two words before the number that tells the names apart. */
function scopeBefore(own: readonly string[], its: readonly string[]): string | undefined {
  const at = own.findIndex((word, index) => word !== its[index]);
  // A number at the end counts nodes, not scopes.
  if (at < 1 || at === own.length - 1 || !isNumber(own[at]) || !isNumber(its[at])) return undefined;
  const scope = own.slice(0, at).filter((word) => !isNumber(word));
  return scope.slice(-2).join(' ');
}

/** The first word after those that tell the names apart, where a scope of more words follows. */
function wordsAfter(own: readonly string[], its: readonly string[]): string | undefined {
  const [a, b] = [own, its].map((list) => list.filter((word) => !isNumber(word)).reverse()) as [string[], string[]];
  const different = a.findIndex((word, index) => word !== b[index]);
  return different > 2 ? a[different - 1] : undefined;
}

const vote = (votes: Map<string, number>, key: string | undefined): void => {
  if (key) votes.set(key, (votes.get(key) ?? 0) + 1);
};

function most(votes: ReadonlyMap<string, number>): string | undefined {
  return [...votes].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0];
}
