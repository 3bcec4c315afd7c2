/** Compares what a test found. A browser, which has no module for it, builds `src/browser/expect-equal.ts` in its place. */

/** Throws with Node's own picture of the difference, and what may explain it. */
export async function expectEqual(place: string, found: unknown, expected: unknown, why = ''): Promise<void> {
  const { AssertionError, deepStrictEqual } = (await import('node:assert')).default;
  const compare: (found: unknown, expected: unknown) => void = deepStrictEqual;
  try {
    compare(found, expected);
  } catch (error) {
    if (error instanceof AssertionError) error.message = [`${place}: ${error.message}`, why].filter(Boolean).join('\n');
    throw error;
  }
}
