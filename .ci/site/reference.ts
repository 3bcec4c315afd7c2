/** The public names with their declarations, and the fields of the report. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { reportJsonSchema } from '../../src/run/report/report.js';
import { escaped, type Page } from './page.js';

/** The file that another takes a name from. */
function importsIn(source: string, name: string): string | undefined {
  for (const [, names, from] of source.matchAll(/^(?:import|export) (?:type )?\{([^}]*)\} from '(\..*)\.js'/gm))
    if (new RegExp(`\\b${name}\\b`).test(names as string)) return `${from}.d.ts`;
  return undefined;
}

/** The declaration of a name in a file of types: its comment, and its text to the end of its braces. */
function declarationIn(file: string, name: string): { about: string; text: string } | undefined {
  const source = readFileSync(file, 'utf8');
  const kinds = 'function|class|abstract class|interface|type|const';
  const found = new RegExp(
    `^(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\s*)?^export (?:declare )?(?:${kinds}) ${name}\\b`,
    'm',
  ).exec(source);
  if (!found) {
    const other = importsIn(source, name);
    return other ? declarationIn(join(dirname(file), other), name) : undefined;
  }
  const start = found.index + (found[1]?.length ?? 0);
  const last = /^export (?:declare )?(?:abstract )?(?:interface|class) /.test(source.slice(start)) ? '}' : ';';
  let depth = 0;
  let end = start;
  for (; end < source.length; end++) {
    // Comments have brackets and semicolons of their own.
    if (source.startsWith('/*', end)) end = source.indexOf('*/', end) + 2;
    const at = source[end] as string;
    if ('{([<'.includes(at)) depth++;
    else if ('})]'.includes(at) || (at === '>' && source[end - 1] !== '=')) depth--;
    if (depth === 0 && at === last) break;
  }
  const about = (found[1] ?? '')
    .replace(/^\s*\/\*\*|\s*\*\/\s*$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .trim();
  return { about, text: source.slice(start, end + 1).replace(/^export (declare )?|import\("[^"]*"\)\./g, '') };
}

/** More lines than these are folded. */
const FOLDED = 40;

function declarationHtml(text: string): string {
  const block = `<pre>${escaped(text)}</pre>`;
  const lines = text.split('\n').length;
  return lines > FOLDED ? `<details><summary>${lines} lines</summary>${block}</details>` : block;
}

/** The page of an entry of the package: what it exports, in its order. */
export function apiPage(root: string, entry: string, name: string): Page {
  const parts: string[] = [];
  for (const [, names, from] of readFileSync(join(root, 'src', `${entry}.ts`), 'utf8').matchAll(
    /^export (?:type )?\{([^}]*)\} from '(.*)\.js'/gm,
  ))
    for (const one of (names as string)
      .split(',')
      .map((text) => text.trim().replace(/^type /, ''))
      .filter(Boolean)) {
      const shown = one.replace(/.* as /, '');
      const file = join(root, 'dist/types', dirname(`src/${entry}`), `${from}.d.ts`);
      const found = declarationIn(file, one.replace(/ as .*/, ''));
      parts.push(
        `<h3 id="${shown}"><code>${shown}</code></h3>${found?.about ? `<p>${escaped(found.about)}</p>` : ''}${found ? declarationHtml(found.text) : ''}`,
      );
    }
  return { path: `api/${entry}.html`, title: name, body: `<h1>${name}</h1>\n${parts.join('\n')}` };
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
}

function rowsOf(path: string, schema: Schema): string[] {
  const { type = '', description, properties, items, additionalProperties, anyOf } = schema;
  const about = description ? ` <td>${escaped(description)}</td>` : '<td></td>';
  const own = path
    ? [`<tr><td><code>${escaped(path)}</code></td><td>${[type].flat().join(', ')}</td>${about}</tr>`]
    : [];
  const below = Object.entries(properties ?? {}).flatMap(([name, field]) =>
    rowsOf(path ? `${path}.${name}` : name, field),
  );
  const each = items ? rowsOf(`${path}[]`, items) : [];
  const keyed = typeof additionalProperties === 'object' ? rowsOf(`${path}.*`, additionalProperties) : [];
  return [
    ...own,
    ...below,
    ...each,
    ...keyed,
    ...(anyOf ?? []).flatMap((one) => rowsOf(path, one).slice(one.properties ? 1 : 0)),
  ];
}

export const schemaText = (): string => `${JSON.stringify(reportJsonSchema(), undefined, 2)}\n`;

/** Every field of the JSON report. */
export const schemaPage = (): Page => ({
  path: 'report-schema.html',
  title: 'The JSON report',
  body: `<h1>The JSON report</h1><p>What <code>--report out.json</code> writes. <a href="report.schema.json">The JSON schema</a></p>
<table><tr><th>field</th><th>type</th><th></th></tr>${rowsOf('', reportJsonSchema() as Schema).join('\n')}</table>`,
});
