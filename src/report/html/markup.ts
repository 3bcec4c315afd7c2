/** Markup in which every text is escaped: the one way by which data comes into the page. */

/** Markup that is safe to put into a page. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand in a template: texts and numbers are escaped, `undefined` and `false` are nothing. */
export type MarkupPart = Markup | string | number | false | undefined | null | readonly MarkupPart[];

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => escapes[character] as string);

function textOf(part: MarkupPart): string {
  if (part === undefined || part === null || part === false) return '';
  if (part instanceof Markup) return part.text;
  return typeof part === 'object' ? part.map(textOf).join('') : escaped(String(part));
}

/** The tag of templates. Attributes stand in double quotes; no value may stand in a script, a style or an address. */
export const html = (strings: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup =>
  new Markup(strings.reduce((text, next, at) => text + textOf(parts[at - 1]) + next));

/** JSON for a `<script type="application/json">`: nothing in it ends the element or begins a comment. */
export const jsonInScript = (data: unknown): Markup =>
  new Markup(JSON.stringify(data).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028'));
