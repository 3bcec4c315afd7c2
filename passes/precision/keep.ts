/** Which nodes a user keeps out of a pass. */
import type { Node } from '../../src/ir/node.js';

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');

/** Patterns are op types or node names; `*` stands for any text. */
export function keeps(patterns: readonly string[]): (node: Node) => boolean {
  const tests = patterns.map((pattern) => new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`));
  return (node) => tests.some((test) => test.test(node.opType) || test.test(node.name));
}
