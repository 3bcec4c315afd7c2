/** What it takes to make the result again. */
import type { Report } from '../../../run/report/report.js';
import { html, type MarkupPart } from '../markup.js';
import { baseCommand } from '../next/commands.js';
import { machineRows } from './benchmark.js';
import { command, missing, type PageSection } from './section.js';

export function recipeSection(report: Report): PageSection {
  const { recipe, hashes, target, architecture, seed, output } = report;
  const files = hashes ? [hashes.model, ...hashes.data, ...hashes.inputs] : [];
  const rows: [string, MarkupPart][] = [
    ['command', command(recipe?.command ?? baseCommand(report))],
    ...(recipe
      ? [
          ['config', html`<pre tabindex="0">${JSON.stringify(recipe.config, undefined, 2)}</pre>`] as [
            string,
            MarkupPart,
          ],
        ]
      : []),
    ['target', architecture ? `${target}, ${architecture}` : target],
    ['seed', String(seed)],
    ...files.map(({ name, sha256 }): [string, MarkupPart] => [name, html`<code class="hash">sha256 ${sha256}</code>`]),
    ...(output ? [['written', output.files.join(', ')] as [string, MarkupPart]] : []),
    ...machineRows(report),
  ];
  return {
    id: 'recipe',
    title: 'Recipe',
    body: [
      html`<dl class="recipe">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`,
      files.length === 0 &&
        missing('This report does not say which files were read, by their content.', 'One that --report writes does.'),
    ],
  };
}
