/** Patterns of names. */

/** `*` stands for any characters, `/` and `.` among them, and `?` for one; all else, brackets too, for itself: names of nodes are no paths. */
export function globOf(pattern: string): RegExp {
  const text = pattern
    .replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`, 's');
}
