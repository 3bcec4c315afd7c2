/** Documents in Markdown as pages, and those that they link to. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { Marked } from 'marked';
import { from, type Page, slugOf } from './page.js';

const pathOf = (document: string): string =>
  document === 'README.md' ? 'index.html' : document.replace(/\.md$/, '.html');

export interface Documents {
  readonly pages: ReadonlyMap<string, Page>;
  /** Other files that are linked, which the site holds as they are. */
  readonly files: ReadonlySet<string>;
}

/** The documents, and in turn each that one of them links to. */
export function documentsOf(root: string, first: readonly string[]): Documents {
  const pages = new Map<string, Page>();
  const files = new Set<string>();
  const open = [...first];
  for (const document of open) {
    if (pages.has(document)) continue;
    const path = pathOf(document);
    const marked = new Marked({
      renderer: {
        heading({ tokens, depth, text }) {
          return `<h${depth} id="${slugOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>`;
        },
        link({ href, tokens }) {
          const text = this.parser.parseInline(tokens);
          if (/^(https?:|#)/.test(href)) return `<a href="${href}">${text}</a>`;
          const [file = '', hash] = href.split('#');
          let to = normalize(join(dirname(document), file)).replace(/\/$/, '');
          if (existsSync(join(root, to, 'README.md'))) to = join(to, 'README.md');
          if (!existsSync(join(root, to)) || !statSync(join(root, to)).isFile()) return text;
          if (to.endsWith('.md')) open.push(to);
          else files.add(to);
          return `<a href="${from(path, pathOf(to))}${hash ? `#${hash}` : ''}">${text}</a>`;
        },
        image: ({ text }) => text,
      },
    });
    const text = readFileSync(join(root, document), 'utf8');
    const title = document === 'README.md' ? 'Overview' : (/^# (.*)$/m.exec(text)?.[1] ?? document);
    pages.set(document, { path, title, body: marked.parse(text, { async: false }) });
  }
  return { pages, files };
}
