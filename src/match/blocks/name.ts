/** What a block is called: the scope that its nodes' and weights' names have in common, without the number that counts it. */
import type { BlockInstance } from './block.js';

/** Words of a name, as exporters join them. */
const words = (name: string): string[] => name.split(/[/.]/).filter(Boolean);

/** `encoder layer` of `/encoder/layer.0/…` and `/encoder/layer.1/…`; the most frequent ops where names say nothing. */
export function nameOf(instances: readonly BlockInstance[]): string {
  const [first, second] = instances as [BlockInstance, BlockInstance];
  const votes = new Map<string, number>();
  const vote = (a: string, b: string | undefined): void => {
    const [own, its] = [words(a), words(b ?? '')];
    const at = own.findIndex((word, index) => word !== its[index]);
    if (at < 1 || !/^\d+$/.test(own[at] ?? '') || !/^\d+$/.test(its[at] ?? '')) return;
    const scope = own
      .slice(0, at)
      .filter((word) => !/^\d+$/.test(word))
      .slice(-2)
      .join(' ');
    votes.set(scope, (votes.get(scope) ?? 0) + 1);
  };
  for (const kind of ['nodes', 'constants', 'outputs'] as const)
    first[kind].forEach(({ name }, at) => {
      vote(name, second[kind][at]?.name);
    });
  const best = most(votes);
  if (best) return best.replace(/([^s])s$/, '$1');
  const ops = new Map<string, number>();
  for (const { opType } of first.nodes) ops.set(opType, (ops.get(opType) ?? 0) + 1);
  const frequent = [...ops].sort(([, m], [, n]) => n - m).slice(0, 3);
  return `${frequent.map(([op]) => op).join(' ')} block`;
}

function most(votes: ReadonlyMap<string, number>): string | undefined {
  return [...votes].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0];
}
