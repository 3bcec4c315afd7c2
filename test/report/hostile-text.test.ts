/** Text of a model in views: it acts on no terminal and marks nothing in Markdown, wherever in the model it stands. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uniform } from '../../fixtures/random.js';
import { contractOf } from '../../src/contract/contract.js';
import { declarationsOf } from '../../src/contract/declarations.js';
import { explain } from '../../src/explain.js';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { jsonText, shownText } from '../../src/ir/text/shown-text.js';
import { tensorType } from '../../src/ir/types.js';
import { printModel } from '../../src/ir/whole-model/print.js';
import { optimize } from '../../src/optimize.js';
import { findBlocks } from '../../src/region/blocks/index.js';
import { reportHtml } from '../../src/report/html/report-html.js';
import { inspectModel } from '../../src/report/inspect/inspection.js';
import { markdownText } from '../../src/report/markdown/escape.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { explanationText } from '../../src/report/text/explanation.js';
import { inspectionText } from '../../src/report/text/inspection.js';
import { reportText } from '../../src/report/text.js';
import { Workplace } from '../cli/run-cli.js';

const terminal = '\x1b[2J\x1b[31mPWNED\x1b[0m\x1b]0;title\x07\x1b]8;;http://evil\x07link\r\n\x1b[1A\t\x7f\x9b2J\u0085';
const hidden = 'a\u202eb\u2066c\u200bd\u200ee\u2028f\u2029g\ufeffh\u00adi\u{e0041}j\ud800k\u3164l';
const markdown =
  '</td><script>alert(1)</script>|`x`\n\n# Heading\n[a](javascript:alert(1))![b](http://e)<img src=x> *b* _c_ ~~d~~ $e$ @name owner/repo#12 GH-3 :tada: www.evil.com &lt; <http://f> a@b.c [r]: http://g';

/** Pieces that texts are made of by chance. */
const pieces = [
  ...[...terminal, ...hidden, ...'[](){}<>#*_`~|!\\&@:$-+=.1 "\'/'],
  ...['](', '![', '://', 'www.', '```', '- ', '1. ', '# ', '\n\n', '<b>', '*/', '@me', '#1', 'name', 'é', '字'],
];
const textOf = (seed: number): string =>
  Array.from(
    { length: 1 + Math.floor(uniform(0, seed) * 12) },
    (_, i) => pieces[Math.floor(uniform(i + 1, seed) * pieces.length)],
  ).join('');

/** A model that has a text at every place where one can stand. */
const modelWith = (text: string): Model => {
  const model = buildModel({ '': 17, [`d${text}`]: 1 }, (g) => {
    g.graph.name = text;
    const x = g.input(`x${text}`, 'float32', [`B${text}`, 8]);
    const weights = g.constant('float32', Array(64).fill(1), [8, 8], `w${text}`);
    const h = g.op('MatMul', [x, weights], {}, { name: `m${text}`, outputs: [`h${text}`] });
    const s = g.op('Softmax', [h], { axis: 1 }, { name: `s${text}`, outputs: [text] });
    const t = g.op(
      `Op${text}`,
      [s],
      { [`a${text}`]: text },
      { domain: `d${text}`, name: `o${text}`, outputs: [`t${text}`] },
    );
    const words = g.op('Identity', [g.constant({ ...strings, strings: [new TextEncoder().encode(text)] }, `c${text}`)]);
    g.output(`z${text}`, t, 'float32', [`B${text}`, 9]);
    g.output(`y${text}`, s, 'float32', [`B${text}`, 9]);
    g.output(`words${text}`, words);
    g.node('If', [g.input(`i${text}`, 'bool', [])], {
      then_branch: g.body(`then${text}`, (b) => b.output(`q${text}`, b.op('Erf', [s]))),
      else_branch: g.body(`else${text}`, (b) => b.output(`q${text}`, b.op('Relu', [s]))),
    });
  });
  Object.assign(model, { producerName: text, producerVersion: text, domain: text, docString: text });
  model.metadata = [{ key: `k${text}`, value: text }];
  return model;
};
const strings = { type: 'string', shape: [1], byteLength: 0, chunks: () => [], bytes: () => new Uint8Array() } as const;

/** Every view of a model that is not run. */
async function viewsOf(model: Model): Promise<{ terminal: string[]; markdown: string; html: string }> {
  const inspection = inspectModel(model, inferTypes(model), { values: true, find: findBlocks });
  const sites = await explain(model);
  const { report } = await optimize(model, 'exact', { verify: 'none' });
  const named = { ...report, input: `f${model.producerName}.onnx`, command: `optimize '${model.producerName}'` };
  return {
    terminal: [
      inspectionText(inspection, { isColoured: true }),
      explanationText(sites, { isColoured: true }),
      reportText(named, { isColoured: true }),
      jsonText(inspection),
      jsonText(sites),
      jsonText(named),
      printModel(model),
    ],
    markdown: reportMarkdown(named),
    html: await reportHtml(named),
  };
}

/** What acts on a terminal or cannot be seen, line ends and our own colours aside. */
const acting = (text: string): string[] =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are what is left out
  text.replaceAll(/\x1b\[\d+m/g, (code) => (ours.has(code) ? '' : code)).match(/[^\P{C}\n]|[\p{Zl}\p{Zp}\u3164]/gu) ??
  [];
const ours = new Set([1, 2, 22, 31, 32, 33, 36, 39].map((n) => `\x1b[${n}m`));

/** What folds and emphasizes, around words and numbers of the report itself. */
const ownMarks = /\*\*[\w.,×→−+%()–∞ ]*\*\*|<details><summary>[\w, ]*<\/summary>|^<\/details>$/gm;

/** Elements of a page that we do not make, and attributes that do something, its own script and style aside. */
function foreign(page: string): string[] {
  const markup = page.replace(/<style>.*?<\/style>|<script type="module">.*?<\/script>/gs, '');
  const [before, data = '', after] = markup.split(/<script type="application\/json" id="data">|<\/script>/);
  expect(() => JSON.parse(data)).not.toThrow();
  const elements = /<(?!\/?[a-z][a-z0-9]*(?:\s+[a-zA-Z][\w-]*(?:="[^"<>]*")?)*\s*\/?>|!doctype html>)[^>]*/g;
  const harmful = /<(?:img|iframe|object|embed|script|link|base)\b[^>]*>|<[^>]*\s(?:on\w+|style|src)=[^>]*>/g;
  return [elements, harmful].flatMap((pattern) => `${before}${after}`.match(pattern) ?? []);
}

/** What GitHub would make something of, code that we mark ourselves aside. */
function marked(text: string): string[] {
  const [head = '', fence = '', ...rest] = text.split(/^```$/m);
  expect(fence.trim().split('\n')).toHaveLength(1);
  const prose = `${head}${rest.join('')}`.replaceAll(/`[^`&|\\\n]*`/g, 'code').replaceAll(ownMarks, '');
  return [
    ...(prose.match(/[`<$~\\@]|\]\(|\]\[|\]:|:\/\/|\bwww\.|\bGH-\d|(?<![\p{L}\p{N}_])_|_(?![\p{L}\p{N}_])|\*/gu) ?? []),
    ...(prose.match(/(?<!&)#(?!#? )|&(?!#\d+;)/g) ?? []),
    ...prose.split('\n').filter((line) => /^(?:#{3}|\s*[+=>]|\s*\d+[.)]|- \s*(?:[-+=#>]|\d+[.)] ))/.test(line)),
  ];
}

describe('views of a model', () => {
  it.each([
    ['sequences of a terminal', terminal],
    ['what cannot be seen', hidden],
    ['Markdown and HTML', markdown],
    ['a prototype', '__proto__'],
    ['a text of 100,000 letters', 'long '.repeat(10_000) + 'x'.repeat(50_000)],
    ['nothing', ''],
  ])('take %s for text', async (_, text) => {
    const views = await viewsOf(modelWith(text));
    for (const view of views.terminal) expect(acting(view)).toEqual([]);
    expect(acting(views.markdown)).toEqual([]);
    expect(marked(views.markdown)).toEqual([]);
    expect(foreign(views.html)).toEqual([]);
    expect(acting(views.html)).toEqual([]);
    expect(Math.max(...views.markdown.split('\n').map(({ length }) => length))).toBeLessThan(30_000);
  });

  it('take 40 texts made by chance for text', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const text = textOf(seed);
      const views = await viewsOf(modelWith(text));
      for (const view of views.terminal) expect(acting(view), JSON.stringify(text)).toEqual([]);
      expect(acting(views.markdown), JSON.stringify(text)).toEqual([]);
      expect(marked(views.markdown), JSON.stringify(text)).toEqual([]);
      expect(foreign(views.html), JSON.stringify(text)).toEqual([]);
    }
  });

  it('leave JSON what it is', () => {
    const data = { [terminal]: hidden, [hidden]: [markdown, 1, null] };
    expect(acting(jsonText(data))).toEqual([]);
    expect(JSON.parse(jsonText(data))).toEqual(data);
  });
});

describe('text', () => {
  it('is written out where it would act', () => {
    expect(shownText('a\x1b[2Jb\nc\u202ed\u{e0041}')).toBe('a\\x1b[2Jb\\nc\\u202ed\\u{e0041}');
    expect(shownText('"/h.0/attn/MatMul_1" é 字 🙂')).toBe('"/h.0/attn/MatMul_1" é 字 🙂');
  });

  it('loses its middle where it is very long', () => {
    expect(shownText(`a${'x'.repeat(10_000)}z`)).toMatch(/^ax+…x+z$/);
    expect(shownText(`a${'x'.repeat(10_000)}z`)).toHaveLength(160);
    expect(shownText('x '.repeat(10_000)).length).toBeLessThanOrEqual(2000);
  });

  it('stays readable in Markdown where it marks nothing', () => {
    const plain = 'expected float32[2, n] of "/h.0/q_proj/MatMul"; found input_ids, (1 of 2): 50 % + x';
    expect(markdownText(plain)).toBe(plain);
    expect(markdownText('a [b](c) @me #1')).toBe('a &#91;b&#93;(c) &#64;&#8203;me &#35;&#8203;1');
  });
});

describe('declarations', () => {
  it('have no line but their own, whatever ports and dims are called', () => {
    const hostile = [
      '*/ export const x = 1; /*',
      "'; export const x = 1; '",
      'a²',
      '__proto__',
      'a\\',
      "a\\'",
      '`',
      '\n}',
      terminal,
      hidden,
    ];
    const text = (name: string) =>
      declarationsOf(
        contractOf(
          buildModel({ '': 17 }, (g) => {
            const x = g.input(`i${name}`, 'float32', [name]);
            g.output(name, g.op('Relu', [x]), tensorType('float32', [{ symbol: name } as never]));
            g.output(`o${name}`, g.op('SequenceConstruct', [x]), { kind: 'sequence', elem: tensorType('float32') });
          }),
        ),
      );
    for (const name of [...hostile, ...Array.from({ length: 100 }, (_, seed) => textOf(seed))]) {
      expect(acting(text(name)), JSON.stringify(name)).toEqual([]);
      // Without strings and comments nothing is left but what we write.
      const code = text(name)
        .replaceAll(/'(?:[^'\\\n]|\\.)*'/g, 's')
        .replaceAll(/\/\*\*.*?\*\//gs, '');
      expect(code.match(/export \w+/g), JSON.stringify(name)).toHaveLength(6);
    }
  });
});

describe('commands', () => {
  const place = new Workplace();
  beforeAll(async () => {
    await place.write(modelWith(terminal + hidden), 'ansi.onnx');
    await place.write(modelWith(markdown), 'markdown.onnx');
  });
  afterAll(() => place.remove());

  it.each([
    ['inspect', ['inspect', 'ansi.onnx', '--values']],
    ['inspect --json', ['inspect', 'ansi.onnx', '--values', '--json']],
    ['explain', ['explain', 'ansi.onnx']],
    ['explain, no such node', ['explain', 'ansi.onnx', '--at', `none${terminal}`.replaceAll('\0', '')]],
    ['optimize', ['ansi.onnx', '--passes', 'exact', '--no-validate', '--force']],
    ['optimize, an unknown dim', ['ansi.onnx', '--passes', 'exact', '--no-validate', '--dims', `n${terminal}=1`]],
    ['compare, which the runtime refuses', ['compare', 'ansi.onnx', 'ansi.onnx']],
    ['bisect, which the runtime refuses', ['bisect', 'ansi.onnx', 'ansi.onnx']],
  ])('%s', async (_, words) => {
    const { stdout, stderr } = await place.run(words, { NO_COLOR: '', FORCE_COLOR: '1' });
    expect(stdout + stderr).not.toBe('');
    expect(acting(stdout + stderr)).toEqual([]);
  });

  it('optimize --report report.md', async () => {
    await place.run(['markdown.onnx', '--passes', 'exact', '--no-validate', '--report', 'report.md']);
    const text = readFileSync(place.path('report.md'), 'utf8');
    expect(marked(text)).toEqual([]);
    expect(text).toContain('Softmax');
  });
});
