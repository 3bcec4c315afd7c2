/** The static site of the documents: every link leads somewhere, and it is read without a script. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeSite } from '../.ci/site/site.js';
import { catalogue } from '../passes/index.js';
import { root } from './package/installed.js';

const out = mkdtempSync(join(tmpdir(), 'onnx-passes-site-'));
const pages = new Map<string, string>();
beforeAll(() => {
  writeSite(root, out);
  for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.html')) pages.set(join(out, name), readFileSync(join(out, name), 'utf8'));
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

it('links to pages and headings that are there', () => {
  const lost: string[] = [];
  for (const [path, text] of pages)
    for (const [, href] of text.matchAll(/href="([^"]*)"/g)) {
      if (/^https?:/.test(href as string)) continue;
      const [file = '', hash] = (href as string).split('#');
      const to = file === '' ? path : join(dirname(path), file);
      const isThere = existsSync(to) && (!hash || pages.get(to)?.includes(`id="${decodeURIComponent(hash)}"`));
      if (!isThere) lost.push(`${path}: ${href}`);
    }
  expect(lost).toEqual([]);
});

it('needs no script, and has a page for each pass, with its picture', () => {
  for (const [path, text] of pages) expect(text, path).not.toMatch(/<script/i);
  for (const { definition } of catalogue)
    expect(pages.has(join(out, `passes/${definition.name}.html`)), definition.name).toBe(true);
  expect(pages.get(join(out, 'passes/fuse-act.html'))).toMatch(
    /Equations[\s\S]*⟶[\s\S]*after, for cpu[\s\S]*com\.microsoft\.QuickGelu/,
  );
});

it('says of a pass what it leaves alone, in the words of reports', () => {
  const limits = (name: string): string =>
    /<h2 id="limits">[\s\S]*?<\/ul>/.exec(pages.get(join(out, `passes/${name}.html`)) ?? '')?.[0] ?? '';
  // Of a rule, of a reader that it shares, and of files that it imports over two others.
  expect(limits('fuse-act')).toContain('the target has no QuickGelu kernel for …');
  expect(limits('fuse-attn')).toContain('the scores have another use');
  expect(limits('fuse-cache')).toContain('the heads that share a key are not neighbours');
  expect(limits('int8')).toContain('its weight holds NaN or infinity');
  // Another pass that it imports has a page of its own.
  expect(limits('fit')).not.toContain('convolutions take most of the time');
});

it('shows every public name with its declaration, and says what it is', () => {
  const bare = [...pages].flatMap(([path, text]) =>
    path.includes('/api/')
      ? [...text.matchAll(/<h3 id="(\w+)">(?:(?!<h3)[\s\S])*/g)]
          .filter(([part]) => !part.includes('<pre>') || !part.includes('<p>'))
          .map(([, name]) => name)
      : [],
  );
  expect(bare).toEqual([]);
  const api = pages.get(join(out, 'api/index.html'));
  // Unions are whole, and comments of several lines end where they end.
  expect(api).toMatch(/type Structure =[\s\S]*?kind: 'dict'[\s\S]*?<\/pre>/);
  expect(api).not.toMatch(/ \/<\/p>/);
});
