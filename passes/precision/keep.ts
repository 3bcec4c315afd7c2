/** Finds the nodes that a user keeps out of a pass. */

import type { Node } from '../../src/ir/node.js';
import { globOf } from '../../src/ir/text/glob.js';

/** Patterns are op types or node names, which may be globs. */
export function keeps(patterns: readonly string[]): (node: Node) => boolean {
  const globs = patterns.map(globOf);
  return (node) => globs.some((glob) => glob.test(node.opType) || glob.test(node.name));
}
