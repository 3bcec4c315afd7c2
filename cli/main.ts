/** The command line: finds the command, parses its flags, has it run. */
import { jsonText } from '../src/ir/text/shown-text.js';
import { version } from '../src/version.js';
import { runs } from './commands/runs.js';
import { commandOf } from './parse/commands.js';
import { parse } from './parse/parse.js';
import { stderr, stdout } from './terminal/terminal.js';

/** Runs `optimize` with these words and gives its exit code. Throws what `fail` prints. */
export async function main(words: readonly string[]): Promise<number> {
  const { command, rest } = commandOf(words);
  if (words.includes('--version')) {
    stdout.write(words.includes('--json') ? jsonText(await runtimesHere()) : `${version}\n`);
    return 0;
  }
  const isAsked = rest.includes('--help') || rest.includes('-h');
  if (isAsked || words.length === 0) {
    const stream = isAsked ? stdout : stderr;
    stream.write(await (await import('./parse/help.js')).helpText(command, stream, pluginsIn(rest)));
    return isAsked ? 0 : 1;
  }
  return (await runs[command.name]?.(await parse(command, rest), words)) ?? 0;
}

/** This version, and those of Node and of the runtimes that are installed. */
const runtimesHere = async (): Promise<object> => (await import('../src/run/machine.js')).versionsOf();

/** The files behind --plugin: where help is asked for, the rest of the words may be unfinished. */
const pluginsIn = (words: readonly string[]): string[] =>
  words.flatMap((word, i) => (word === '--plugin' ? (words[i + 1] ?? []) : (/^--plugin=(.+)$/s.exec(word)?.[1] ?? [])));
