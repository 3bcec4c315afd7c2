/** The static site: the documents, a page for each pass, the public names, the report's fields. */
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { documentsOf } from './documents.js';
import { documentOf, type Menu, styleOf } from './page.js';
import { passPages } from './passes.js';
import { apiPage, schemaPage, schemaText } from './reference.js';

/** Writes it; `dist/types` has to be there. Returns how many pages there are. */
export function writeSite(root: string, out: string): number {
  const guides = readdirSync(join(root, 'docs')).map((name) => `docs/${name}`);
  const { pages, files } = documentsOf(root, ['README.md', ...guides, 'passes/README.md']);
  const chosen = (names: readonly string[]) =>
    [...pages].filter(([name]) => names.includes(name)).map(([, page]) => page);
  const passes = passPages(root);
  const library = [
    apiPage(root, 'index', 'onnx-passes'),
    apiPage(root, 'rules', 'onnx-passes/rules'),
    apiPage(root, 'report', 'onnx-passes/report'),
    schemaPage(),
  ];
  const menu: Menu = [
    ['Guides', chosen(['README.md', ...guides])],
    [
      'Writing',
      chosen([
        'passes/README.md',
        'CONTRIBUTING.md',
        'src/README.md',
        'src/SECURITY.md',
        'bench/README.md',
        'CHANGELOG.md',
      ]),
    ],
    ['Library', library],
    ['Passes', passes],
  ];
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), text);
  };
  const all = [...pages.values(), ...passes, ...library];
  for (const page of all) write(page.path, documentOf(page, menu));
  for (const file of files) {
    mkdirSync(dirname(join(out, file)), { recursive: true });
    copyFileSync(join(root, file), join(out, file));
  }
  write('style.css', styleOf(root));
  write('report.schema.json', schemaText());
  return all.length;
}
