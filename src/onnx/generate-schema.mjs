/**
 * Writes schema-table.ts from the operator lists of the ONNX repository (facts alone, no texts):
 *   node src/onnx/generate-schema.mjs docs/Changelog.md docs/Changelog-ml.md > src/onnx/schemas/schema-table.ts
 */
import { readFileSync } from 'node:fs';

/** Newer operator sets are drafts. */
const LAST = { '': 26, 'ai.onnx.ml': 5 };

const spelled = { float: 'float32', double: 'float64' };
const typeName = (text) =>
  text
    .replace(/\b(?:float|double)\b/g, (name) => spelled[name])
    .replace(/(?<!sparse_)tensor\(([^)]*)\)/g, '$1')
    .replace(/\s+/g, '');

const kinds = { float: 'f', int: 'i', string: 's', tensor: 't', graph: 'g', sparse_tensor: 'sp', type_proto: 'tp' };
const kindOf = (text) => (text.startsWith('list of ') ? `${kinds[text.slice(8, -1)]}s` : kinds[text]);

const sets = new Map();
const setIndex = (types) => {
  const key = types.map(typeName).join(' ');
  if (!sets.has(key)) sets.set(key, sets.size);
  return sets.get(key);
};

/** The `<dt>` lines of one section: name, what stands in brackets, what follows the colon. */
const items = (section) =>
  [...section.matchAll(/^<dt><tt>(.*?)<\/tt>(?: \(([^)]*)\))?(?: : (.*?))?<\/dt>$/gm)].map(
    ([, name, note = '', text = '']) => ({ name, note, text }),
  );

function formal({ name, note, text }) {
  const flag = note.includes('heterogeneous')
    ? '%'
    : note.includes('variadic')
      ? '*'
      : note.includes('optional')
        ? '?'
        : '';
  return `${name}${flag} ${typeName(text)}`;
}

function attribute({ name, text }) {
  const [, kind, note = ''] = text.match(/^([a-z_ ]+?)(?: \((.*)\))?$/);
  const fallback = note.match(/^default is (.*)$/s)?.[1];
  return `${name} ${kindOf(kind)}${note === 'required' ? '!' : fallback === undefined ? '' : `=${fallback}`}`;
}

/** The list gives no inputs for withdrawn versions; this one was in use first. */
const withdrawn = {
  'GroupNormalization! 18': `X T;scale T;bias T|Y T|T ${setIndex(['tensor(bfloat16)', 'tensor(float16)', 'tensor(float)', 'tensor(double)'])}|epsilon f=1e-05;num_groups i!`,
};

const lines = [];
for (const [file, domain] of [
  [process.argv[2], ''],
  [process.argv[3], 'ai.onnx.ml'],
]) {
  const text = readFileSync(file, 'utf8').split(/^# ai\.onnx\.preview/m)[0];
  for (const part of text.split(/^### <a name="/m).slice(1)) {
    const [, name, since] = part.match(/^(?:ai\.onnx\.ml\.)?(\w+)-(\d+)"/);
    if (Number(since) > LAST[domain]) continue;
    const sections = Object.fromEntries(
      part
        .split(/^#### /m)
        .slice(1)
        .map((section) => [section.match(/^\w+/)[0], section]),
    );
    const list = (title, format) =>
      items(sections[title] ?? '')
        .map(format)
        .join(';');
    const constraints = items(sections.Type ?? '').map((c) => `${c.name} ${setIndex(c.text.split(/, (?![^(]*\))/))}`);
    const flag = /^[^\n]*\(deprecated\)/.test(part) ? '!' : '';
    const key = `${domain && 'ml.'}${name}${flag} ${since}`;
    if (withdrawn[key]) lines.push(`${key}|${withdrawn[key]}`);
    else
      lines.push(
        [
          key,
          list('Inputs', formal),
          list('Outputs', formal),
          constraints.join(';'),
          list('Attributes', attribute),
        ].join('|'),
      );
  }
}

const quoted = (rows) =>
  `\`\n${rows.join('\n').replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\n\``;
process.stdout.write(`/** Operator schemas of ai.onnx and ai.onnx.ml: made by generate-schema.mjs, read by schema.ts. */

/** Sets of types, one a line; the operators refer to them by number. */
export const typeSets = ${quoted([...sets.keys()])};

/** \`name! since|inputs|outputs|type variables and their sets|attributes\`, one version of one operator a line; ! is deprecated. */
export const operators = ${quoted(lines)};
`);
