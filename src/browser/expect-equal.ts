/** Compares what a test found, as text: built in place of `src/testing/expect-equal.ts`. */
export async function expectEqual(place: string, found: unknown, expected: unknown, why = ''): Promise<void> {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value, null, 2));
  if (a !== b) throw new Error([`${place}: expected ${b}; found ${a}`, why].filter(Boolean).join('\n'));
}
