/** Draws a pattern as a tree with the result of each of its parts, for `explain`. */
import type { Pattern } from './pattern/index.js';
import type { Environment, MatchFailure, PatternPart } from './search/search.js';

/**
 * matched, with all below it; failed, where the deepest attempt ended; partly: above the failure, itself as expected;
 * open: not reached, or an alternative not taken.
 */
export type TraceMark = 'matched' | 'partly' | 'failed' | 'open';

export interface Trace {
  readonly text: string;
  readonly mark: TraceMark;
  /** The node or value it matched, wholly or partly, or failed at. */
  readonly at?: string;
  /** The reason of the failure. */
  readonly reason?: string;
  readonly parts: readonly Trace[];
}

/** The tree of a pattern, of a match or of the failure that ended an attempt. */
export function traceOf(pattern: Pattern, environment: Environment | undefined, failure?: MatchFailure): Trace {
  const matched = new Map<PatternPart, string>();
  for (const { part, at } of environment?.steps() ?? [])
    if (!matched.has(part.bare)) matched.set(part.bare, at.producer?.label ?? at.name);
  const draw = (part: Pattern): Trace => {
    const parts = part.bare.parts.map(draw);
    const { text } = part;
    if (failure && failure.part.bare === part.bare)
      return { text, mark: 'failed', at: failure.at.producer?.label ?? failure.at.name, reason: failure.reason, parts };
    const at = matched.get(part.bare);
    // An alternative is no step of its own: the one that was taken, or came furthest, stands for it.
    const taken = (text === 'one of' || text === 'maybe') && (parts.find(hasFailed) ?? parts.find(isMatched));
    // An optional pattern stands alone where nothing around it matched.
    const alone = text === 'maybe' && parts[0]?.parts.find(isMatched);
    const mark = at === undefined ? 'open' : parts.some(hasFailed) ? 'partly' : 'matched';
    return taken || alone || { text, mark, at, parts };
  };
  return draw(pattern);
}

const isMatched = ({ mark }: Trace): boolean => mark === 'matched';
const hasFailed = ({ mark, parts }: Trace): boolean => mark === 'failed' || parts.some(hasFailed);
