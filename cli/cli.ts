#!/usr/bin/env node
/** The command `optimize`: its commands and flags. What each does stands in a file of its own, loaded when asked for. */
import yargs, { type Argv } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { UsageError, unknownText } from '../src/run/usage-error.js';
import { version } from '../src/version.js';
import { fail } from './fail.js';
import { inputFlags, jobFlags, jsonFlag, quietFlag } from './flags.js';

const model = { type: 'string', demandOption: true, describe: 'Path of an ONNX model.' } as const;

const inspectFlags = {
  'allow-outside-data': inputFlags['allow-outside-data'],
  values: { type: 'boolean', describe: 'List every value of every scope: its type, and its contents where known.' },
  ...jsonFlag,
} as const;

const compareFlags = { ...inputFlags, ...jsonFlag, ...quietFlag } as const;

/** The flags of each command, for the nearest name of one that does not exist. */
const flagsOf: Readonly<Record<string, object>> = {
  inspect: inspectFlags,
  compare: compareFlags,
  passes: jsonFlag,
  doctor: jsonFlag,
};

async function main(words: string[]): Promise<void> {
  const wantsHelp = words.length === 0 || words.includes('--help') || words.includes('-h');
  const isOptimize = !(words[0] !== undefined && words[0] in flagsOf);
  let exitCode = 0;
  const parser: Argv = yargs(words)
    .locale('en')
    .scriptName('optimize')
    .parserConfiguration({ 'camel-case-expansion': false, 'dot-notation': false, 'parse-positional-numbers': false })
    .command(
      ['$0 <model>', 'optimize'],
      'Optimize a model: run passes over it, verify, write the result.',
      (y) => y.positional('model', model).options(jobFlags),
      async (args) => {
        exitCode = await (await import('./optimize.js')).run(args, words);
      },
    )
    .command(
      'inspect <model>',
      'Show what a model is made of.',
      (y) => y.positional('model', model).options(inspectFlags),
      async (args) => (await import('./inspect.js')).run(args),
    )
    .command(
      'compare <original> <result>',
      'Compare the numbers and the speed of two models.',
      (y) => y.positional('original', model).positional('result', model).options(compareFlags),
      async (args) => {
        exitCode = await (await import('./compare.js')).run(args, words);
      },
    )
    .command(
      'passes',
      'List the passes and their options.',
      (y) => y.options(jsonFlag),
      async (args) => (await import('./passes.js')).run(args),
    )
    .command(
      'doctor',
      'Say which providers work here, and why the others do not.',
      (y) => y.options(jsonFlag),
      async (args) => (await import('./doctor.js')).run(args),
    )
    .strict()
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .version(version)
    .alias({ h: 'help' })
    .showHelpOnFail(false)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError(usageText(message, { ...jobFlags, ...flagsOf[words[0] ?? ''] }));
    });
  if (wantsHelp && isOptimize) parser.epilogue(await (await import('./passes.js')).listing());
  if (words.length === 0) {
    parser.showHelp('error');
    process.exitCode = 1;
    return;
  }
  await parser.parseAsync();
  process.exitCode = exitCode;
}

/** yargs' message as this command says it. */
function usageText(message: string, flags: object): string {
  const unknown = /^Unknown arguments?: ([^,]+)/.exec(message)?.[1];
  if (unknown === undefined) return message.split('\n')[0] as string;
  const names = [...Object.keys(flags), 'help', 'version'];
  if (names.includes(unknown) || !process.argv.some((word) => word.replace(/^-+/, '').split('=')[0] === unknown))
    return `unexpected argument "${unknown}"`;
  return unknownText('flag', unknown, names).replaceAll(/"(?=[a-z])/g, '"--');
}

main(hideBin(process.argv)).catch(fail);
