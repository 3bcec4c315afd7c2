/** A page for each pass: what it does, when, what it may cost, its equations, options, limits, and its picture before and after. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fidelity } from '../../src/run/definition.js';
import { optionsOf } from '../../src/run/options.js';
import { builtIn } from '../../src/settings/plugins.js';
import { gateOf } from '../../src/validate/judge/gates.js';
import { limitsOf } from './limits.js';
import { escaped, type Page } from './page.js';

/** Text of a comment, without its stars. */
const commentText = (comment: string): string =>
  comment
    .replace(/^\s*\*? ?/gm, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();

/** The equations in the comments of a file. */
const equationsIn = (path: string): string[] =>
  [...readFileSync(path, 'utf8').matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*⟶[\s\S]*?)\*\//g)].map(([, text]) =>
    commentText(text as string),
  );

/** Those of a pass: its own file, its folder, and the rules that it imports. */
function equationsOf(root: string, name: string, source: string): string[] {
  const folder = join(root, 'passes', name);
  const own = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const rules = [...source.matchAll(/'\.\/rules\/(.*)\.js'/g)].map(([, rule]) =>
    join(root, 'passes/rules', `${rule}.ts`),
  );
  const files = [...own.filter((file) => file.endsWith('.ts')).map((file) => join(folder, file)), ...rules];
  return [...new Set(files.flatMap(equationsIn))];
}

/** A picture of the tests: a line about it, then the graphs. */
function pictureOf(path: string): string {
  if (!existsSync(path)) return '';
  const parts = readFileSync(path, 'utf8').split(/^# (.*)$/m);
  const graph = (at: number): string =>
    `<figure><figcaption>${escaped(parts[at] ?? '')}</figcaption><pre>${escaped((parts[at + 1] ?? '').trim())}</pre></figure>`;
  return `<h2 id="picture">Before and after</h2><div class="pair">${graph(1)}${graph(3)}</div>`;
}

/** Its limits: what it leaves alone, each with the reason that a report gives. Many are folded. */
function limitsHtml(reasons: readonly string[]): string {
  if (reasons.length === 0) return '';
  const list = `<ul>${reasons.map((text) => `<li>${escaped(text)}</li>`).join('')}</ul>`;
  const folded = `<details><summary>${reasons.length} reasons</summary>${list}</details>`;
  return `<h2 id="limits">Limits</h2><p>What it leaves alone the report lists under the pass, with one of these reasons. <code>optimize explain model.onnx</code> draws how far a fusion came.</p>${reasons.length > FOLDED ? folded : list}`;
}

/** More reasons than these are folded. */
const FOLDED = 12;

/** What its numbers may cost: the gate that a result has to hold. */
function costText(fidelity: Fidelity): string {
  const { maxError } = gateOf(fidelity, 'cpu');
  return `Numbers: <b>${fidelity}</b>. A result whose outputs are further than ${maxError} from the original's (relative L2, on the CPU) is refused; <code>--max-error</code> sets another limit.`;
}

export function passPages(root: string): Page[] {
  const names = builtIn.passes.map(({ definition }) => definition.name);
  return builtIn.passes.map(({ definition }): Page => {
    const { name, summary, fidelity } = definition;
    const file = join(root, 'passes', `${name}.ts`);
    const source = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const about = /^\/\*\*([\s\S]*?)\*\//.exec(source)?.[1];
    const rules = equationsOf(root, name, source);
    const presets = builtIn.presets.filter((preset) => preset.passes.some((pass) => pass.definition.name === name));
    const rows = optionsOf(definition).map(
      (option) =>
        `<tr><td><code>${option.name}</code></td><td>${escaped(JSON.stringify(option.default) ?? '')}</td><td>${escaped(option.description ?? '')}</td></tr>`,
    );
    const body = [
      `<h1>${name}</h1><p>${escaped(summary)}</p>`,
      about ? `<p>${escaped(commentText(about))}</p>` : '',
      `<p>${costText(fidelity)} ${presets.length > 0 ? `In the presets ${presets.map((preset) => `<code>${preset.name}</code>`).join(', ')}.` : 'In no preset: it runs where it is named.'}</p>`,
      `<pre>optimize model.onnx --passes ${name}</pre>`,
      rules.length > 0 ? `<h2>Equations</h2><ul>${rules.map((text) => `<li>${escaped(text)}</li>`).join('')}</ul>` : '',
      rows.length > 0
        ? `<h2>Options</h2><table><tr><th>option</th><th>default</th><th></th></tr>${rows.join('')}</table>`
        : '',
      limitsHtml(limitsOf(root, name, names)),
      pictureOf(join(root, 'test/pictures/passes', `${name}.txt`)),
    ];
    return { path: `passes/${name}.html`, title: name, body: body.join('\n') };
  });
}
