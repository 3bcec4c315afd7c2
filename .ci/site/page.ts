/** A page of the site: no script, the colours and type of the report's page. */
import { readFileSync } from 'node:fs';
import { dirname, relative } from 'node:path/posix';

export interface Page {
  /** From the root of the site. */
  readonly path: string;
  readonly title: string;
  readonly body: string;
}

export const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** The id of a heading, as GitHub makes it. */
export const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

export const from = (page: string, to: string): string => relative(dirname(page), to) || '.';

const OWN = `
main { max-width: 62rem; overflow-wrap: anywhere; }
main :is(p, ul, ol, pre, table) { margin: 0.7rem 0; }
main h1 { font-size: 1.6rem; margin-bottom: 1rem; } main h2 { margin-top: 2rem; }
main ul { list-style: disc; padding-left: 1.3rem; } main ol { list-style: decimal; padding-left: 1.6rem; }
main pre { background: var(--raised); border: 1px solid var(--line); border-radius: 7px; padding: 0.6rem 0.8rem; overflow-x: auto; overflow-wrap: normal; }
main table { display: block; overflow-x: auto; } main th, main td { min-width: 7rem; }
main td code { overflow-wrap: normal; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1.2rem; } .pair > * { min-width: 0; }
nav h2 { font-size: 0.85rem; color: var(--dim); margin: 1rem 0 0.2rem 0.6rem; }
@media (max-width: 960px) { nav h2 { display: none; } nav { display: flex; } nav a { white-space: nowrap; } .pair { grid-template-columns: 1fr; } }
`;

export function styleOf(root: string): string {
  const files = ['base', 'frame', 'tables', 'narrow', 'print'];
  return files.map((name) => readFileSync(`${root}/src/report/html/style/${name}.css`, 'utf8')).join('\n') + OWN;
}

/** Titles with the pages below them. */
export type Menu = readonly (readonly [title: string, pages: readonly Page[]])[];

export function documentOf({ path, title, body }: Page, menu: Menu): string {
  const item = (page: Page): string =>
    `<li><a href="${from(path, page.path)}"${page.path === path ? ' aria-current="page"' : ''}>${escaped(page.title)}</a></li>`;
  const parts = menu.map(([name, pages]) => `<h2>${name}</h2><ul>${pages.map(item).join('')}</ul>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self'">
<title>${escaped(title)} · onnx-passes</title><link rel="stylesheet" href="${from(path, 'style.css')}"></head>
<body><header><div class="name"><h1><a href="${from(path, 'index.html')}">onnx-passes</a></h1></div></header>
<nav>${parts.join('')}</nav>
<main>${body}</main></body></html>
`;
}
