/** --help: written here rather than by yargs, which takes longer to lay it out than Node takes to start. */
import { append } from '../../src/ir/collections/lists.js';
import { beside, paint } from '../../src/report/style.js';
import type { Catalogue } from '../../src/run/parse.js';
import { catalogueWith } from '../../src/settings/plugins.js';
import { hasColour, lineWidth, type Output } from '../terminal/terminal.js';
import type { Command } from './command.js';
import { commands } from './commands.js';
import type { Flag } from './flags.js';

/** The help of one command; the unnamed one's shows the others and the passes too, those of plugins among them. */
export async function helpText(command: Command, stream: Output, plugins: readonly string[]): Promise<string> {
  const p = paint(hasColour(stream));
  const width = lineWidth(stream);
  const section = (title: string, rows: readonly (readonly [string, string])[]) =>
    rows.length ? ['', p.bold(title), ...beside(rows, width - 2).map((line) => `  ${line}`)] : [];
  const lines = [
    `optimize ${wordsOf(command)} [flags]`,
    '',
    command.summary,
    ...section('Flags', [
      ...Object.entries(command.flags).map(([name, flag]) => [flagText(name, flag), aboutText(flag)] as const),
      ['-h, --help', 'Show this.'],
      ['--version', 'Show the version; with --json those of Node and the runtimes too.'],
    ]),
  ];
  if (command.name === '') {
    const others = commands.slice(1).map((other): [string, string] => [wordsOf(other), other.summary]);
    append(lines, [...section('Passes', passRows(await catalogueWith(plugins))), ...section('Other commands', others)]);
    lines.push(
      '',
      'Exit codes: 0 done, 1 error, 2 accuracy gate, 3 speed gate, 4 placement gate, 5 a pass is not in the result,',
    );
    lines.push(
      '6 nothing could be compared, 7 larger than --max-size, 8 no --aot. The rest is written with 5, unless --require names the pass.',
    );
    lines.push(
      '',
      'optimize model.onnx --passes fuse-attn,int8',
      "optimize sdxl/ -o sdxl-fast/ --passes half,fuse      a folder, or 'exports/*.onnx'",
      'optimize passes      the options of every pass',
    );
  }
  return `${lines.join('\n')}\n`;
}

/** `compare <original> <result>`, `passes [pass]`, `<model>…`. */
const wordsOf = ({ name, positionals, isRepeated, optional }: Command): string =>
  [name, ...positionals.map((one) => `<${one}>${isRepeated ? '…' : ''}`), optional ? `[${optional}]` : '']
    .filter(Boolean)
    .join(' ');

const passRows = ({ passes, presets }: Catalogue): [string, string][] => [
  ...passes.map(({ definition: { name, summary } }): [string, string] => [name, summary]),
  ...presets.map(({ name, passes }): [string, string] => {
    return [name, `Preset: ${passes.map(({ definition }) => definition.name).join(',')}`];
  }),
];

/** `-o, --out <path>`: a flag with what it takes. */
function flagText(name: string, { alias, choices, takes, defaultDescription }: Flag): string {
  // What is on unless it is turned off is shown as what turns it off.
  if (defaultDescription === 'true') return `--no-${name}`;
  return [`${alias ? `-${alias}, ` : ''}--${name}`, choices?.join('|') ?? takes].filter(Boolean).join(' ');
}

const aboutText = ({ describe, defaultDescription }: Flag): string =>
  defaultDescription && defaultDescription !== 'true' ? `${describe} Default: ${defaultDescription}.` : describe;
