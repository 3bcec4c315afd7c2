/** The error of someone who asked for something that does not exist; it names the nearest thing that does. */

/** What was asked for is at fault. The message is one line and needs no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Number of insertions, deletions, replacements and swaps of neighbours between two words. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (above[j - 1] as number) + (same ? 0 : 1),
        (above[j] as number) + 1,
        (row[j - 1] as number) + 1,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] as number) + 1);
      row.push(cost);
    }
    before = above;
    above = row;
  }
  return above[b.length] as number;
}

/** The candidate most like the word; undefined where none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    // A word cut short is nearest; what begins or ends as the word does is near, but one slip is nearer: fuse-nrm is fuse-norm, not fuse.
    const isCut = word.length > 2 && candidate.includes(word);
    const isInside = word.length > 2 && word.includes(candidate);
    const distance = isCut ? edits - candidate.length : isInside ? Math.min(edits, 1 + edits / 100) : edits;
    if (distance > Math.max(2, word.length / 3)) continue;
    if (!best || distance < best.distance) best = { candidate, distance };
  }
  return best?.candidate;
}

/** Words in a message: `unknown pass "fuse-atn"; did you mean "fuse-attn"?`, or the whole list where nothing is near. */
export function unknownText(what: string, word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  if (near) return `unknown ${what} "${word}"; did you mean "${near}"?`;
  return `unknown ${what} "${word}"; ${candidates.length ? `there are: ${[...new Set(candidates)].join(', ')}` : 'there are none'}`;
}

/** What was given where something else was expected, in a few words. */
export function foundText(found: unknown): string {
  if (typeof found === 'function') return found.name ? `a function ${found.name}` : 'a function';
  if (typeof found === 'number' || typeof found === 'bigint' || typeof found === 'symbol') return String(found);
  if (found instanceof Promise) return 'a promise';
  const kind = typeof found === 'object' && found !== null ? found.constructor?.name : undefined;
  if (kind && kind !== 'Object' && kind !== 'Array') return `a ${kind}`;
  try {
    return JSON.stringify(found) ?? String(found);
  } catch {
    return 'an object';
  }
}
