/** Text from a file or a runtime in Markdown, as GitHub renders it: it is shown as it is and marks nothing. */
import { shownText } from '../../ir/text/shown-text.js';

/** An underscore inside a word is no emphasis. */
const inner = '(?<=[\\p{L}\\p{N}])_+(?=[\\p{L}\\p{N}])';
/** Dims behind a type, as in `float32[2, n]`, are no link. */
const dims = `(?<=\\w)\\[(?:[A-Za-z0-9 ,?.+-]|${inner})*\\](?![[(:])`;
/** GitHub makes references of these when all else is rendered: `@name`, `#1`, `GH-1`, `:name:`. */
const references = '@|#(?=\\d)|(?<=GH)-(?=\\d)|:(?=[\\w+-]*[a-z][\\w+-]*:)';
/** Code, emphasis, links, images, HTML, tables, mathematics and headings, wherever they stand. */
const marks = '[&<`*\\\\|~$#[\\]_]|(?<! )>|>(?! )';
/** Addresses that need no brackets. */
const addresses = ':(?=//)|(?<=www)\\.';
/** Lists, rules, headings and code, where a line begins. */
const starts = '^[-+= ]|(?<=^\\d+)[.)](?= |$)';

const active = new RegExp(`(?<plain>${inner}|${dims})|(?<parted>${references})|${marks}|${addresses}|${starts}`, 'giu');

/** The text in one line: what Markdown would take for its own is a character reference; a space of no width parts what GitHub would link. */
export const markdownText = (text: string): string =>
  shownText(text).replaceAll(active, (match, ...rest) => {
    const { plain, parted } = rest.at(-1) as { plain?: string; parted?: string };
    return plain ?? `&#${match.charCodeAt(0)};${parted === undefined ? '' : '&#8203;'}`;
  });

/** A name as code, where nothing in it had to be a character reference: code shows those as they are written. */
export const code = (shown: string): string => (shown === '' || shown.includes('&') ? shown : `\`${shown}\``);
