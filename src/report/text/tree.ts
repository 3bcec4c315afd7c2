/** Draws the tree of a pattern: what was expected, what matched, and where the match ended. */
import type { TreePart } from '../../run/report/details/trees.js';
import type { paint } from '../style.js';

const marks = { matched: '✓', partly: '~', failed: '✗', open: '·' } as const;

export const TREE_LEGEND =
  '✓ as expected  ~ itself as expected, not all below it  ✗ where the match ended  · not reached';

/** A line for each part, behind `indent`. */
export function treeLines(parts: readonly TreePart[], colour: ReturnType<typeof paint>, indent = ''): string[] {
  return parts.map(({ depth, text, mark, at, reason }, place) => {
    const painted = { matched: colour.good, failed: colour.bad, partly: String, open: String }[mark](marks[mark]);
    const above = Array.from({ length: Math.max(depth - 1, 0) }, (_, level) =>
      hasSibling(parts, place, level + 1) ? '│ ' : '  ',
    );
    const branch = depth === 0 ? '' : hasSibling(parts, place, depth) ? '├ ' : '└ ';
    const line = `${indent}${above.join('')}${branch}${painted} ${text}`;
    return `${line}${at ? colour.dim(`  ${at}`) : ''}${reason ? `  ${colour.bad(reason)}` : ''}`;
  });
}

/** True where another part of this depth follows below the same one. */
function hasSibling(parts: readonly TreePart[], from: number, depth: number): boolean {
  for (const part of parts.slice(from + 1)) if (part.depth <= depth) return part.depth === depth;
  return false;
}
