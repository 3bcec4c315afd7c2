/** A word of a command as a shell needs it: in quotes where it holds more than letters, digits and what paths are made of. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
