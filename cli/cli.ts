#!/usr/bin/env node
/** The command `optimize`: finds the command, parses its flags, runs it. */
import { version } from '../src/version.js';
import { commandOf } from './commands.js';
import { fail } from './fail.js';
import { listen, oversee } from './oversee.js';
import { parse } from './parse.js';
import { stderr, stdout } from './terminal.js';

async function main(words: readonly string[]): Promise<number> {
  const { command, rest } = commandOf(words);
  if (words.includes('--version')) {
    stdout.write(`${version}\n`);
    return 0;
  }
  const isAsked = rest.includes('--help') || rest.includes('-h');
  if (isAsked || words.length === 0) {
    const stream = isAsked ? stdout : stderr;
    stream.write((await import('./help.js')).helpText(command, stream));
    return isAsked ? 0 : 1;
  }
  return oversee(command.name, await parse(command, rest), words);
}

listen();
process.exitCode = await main(process.argv.slice(2)).catch(fail);
