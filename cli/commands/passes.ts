/** `optimize passes`: the catalogue, or the one pass or preset that is named. */
import { jsonText } from '../../src/ir/text/shown-text.js';
import { beside, hanging, paint, table } from '../../src/report/style.js';
import { optionsOf } from '../../src/run/options.js';
import { parsePasses } from '../../src/run/parse.js';
import { catalogueWith } from '../../src/settings/plugins.js';
import type { Flags } from '../parse/flags.js';
import { pluginsFor } from '../settings/settings.js';
import { hasColour, lineWidth, stdout } from '../terminal/terminal.js';

const defaultText = (value: unknown): string =>
  value === undefined || (Array.isArray(value) && value.length === 0) ? '' : ` [${[value].flat().join('+')}]`;

export async function run(flags: Flags): Promise<undefined> {
  const name = flags.pass as string | undefined;
  const catalogue = await catalogueWith(await pluginsFor(flags));
  const chosen = name === undefined ? catalogue.passes : parsePasses(name, catalogue);
  const named = catalogue.presets.filter((preset) => name === undefined || preset.name === name);
  const passes = chosen.map(({ definition }) => ({
    name: definition.name,
    aliases: definition.aliases ?? [],
    summary: definition.summary,
    fidelity: definition.fidelity,
    options: optionsOf(definition),
  }));
  if (flags.json) {
    const shown = named.map(({ name, summary, passes }) => ({
      name,
      summary,
      passes: passes.map(({ definition, options }) => ({ name: definition.name, options })),
    }));
    stdout.write(jsonText({ passes, presets: shown }));
    return undefined;
  }
  const p = paint(hasColour(stdout));
  const width = lineWidth(stdout);
  for (const { name, aliases, summary, fidelity, options } of passes) {
    const also = aliases.length ? p.dim(` (also ${aliases.join(', ')})`) : '';
    print(`${p.bold(p.name(name))}${also}  ${p.dim(fidelity)}`);
    for (const line of hanging(summary, width, '    ')) print(line);
    const names = table(options.map((one) => [`:${one.name}=`, `${one.type}${defaultText(one.default)}`]));
    const rows = options.map(({ description }, i) => [names[i] as string, p.dim(description)] as const);
    for (const line of beside(rows, width - 4)) print(`    ${line}`);
  }
  if (named.length) print(`\n${p.bold('Presets')}`);
  for (const { name, summary, passes } of named)
    print(`${p.name(name)}  ${summary}\n    ${p.dim(passes.map(({ definition }) => definition.name).join(','))}`);
  if (name !== undefined) return undefined;
  print('\nfidelity: exact keeps every number but for the order of sums, rounding stores or computes in a');
  print('narrower float, lossy quantizes. Each has its own accuracy gate.');
}

const print = (line: string) => stdout.write(`${line}\n`);
