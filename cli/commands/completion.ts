/** `optimize completion`: scripts that complete commands, flags, their choices and passes in a shell. */
import { UsageError } from '../../src/ir/text/usage-error.js';
import { builtIn } from '../../src/settings/plugins.js';
import type { Command } from '../parse/command.js';
import { commands } from '../parse/commands.js';
import type { Flags } from '../parse/flags.js';
import { shells } from '../parse/service-commands.js';
import { stdout } from '../terminal/terminal.js';

const programs = ['optimize', 'onnx-passes'];

export async function run(flags: Flags): Promise<undefined> {
  stdout.write(completionOf(flags.shell as string));
}

/** The script for a shell. Throws UsageError for another. */
function completionOf(shell: string): string {
  if (shell === 'bash') return bash();
  // zsh takes the functions of bash.
  if (shell === 'zsh') return `autoload -U +X compinit bashcompinit && compinit && bashcompinit\n${bash()}`;
  if (shell === 'fish') return fish();
  throw new UsageError(`completion: expected ${shells.join(' | ')}; found "${shell}"`);
}

const passes = [
  ...builtIn.passes.map(({ definition }) => definition.name),
  ...builtIn.presets.map(({ name }) => name),
].join(' ');

const flagWords = ({ flags }: Command): string =>
  [
    ...Object.entries(flags).map(([name, { defaultDescription }]) =>
      defaultDescription === 'true' ? `--no-${name}` : `--${name}`,
    ),
    '--help',
  ].join(' ');

/** The first words of commands: those of two words are completed by the first. */
const words = [...new Set(commands.flatMap(({ name }) => name.split(' ')[0] || []))].join(' ');

function bash(): string {
  const named = commands.filter(({ name }) => name !== '' && !name.includes(' '));
  const choices = new Map(
    commands.flatMap(({ flags }) =>
      Object.entries(flags).flatMap(([name, { choices }]) => (choices ? [[name, choices.join(' ')] as const] : [])),
    ),
  );
  return `_onnx_passes() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words
  case "$prev" in
    --passes|-p) COMPREPLY=($(compgen -P "\${cur%"\${cur##*,}"}" -W "${passes}" -- "\${cur##*,}")); compopt -o nospace; return ;;
${[...choices].map(([name, all]) => `    --${name}) COMPREPLY=($(compgen -W "${all}" -- "$cur")); return ;;`).join('\n')}
    completion) COMPREPLY=($(compgen -W "${shells.join(' ')}" -- "$cur")); return ;;
  esac
  case "\${COMP_WORDS[1]}" in
${named.map((one) => `    ${one.name}) words="${flagWords(one)}" ;;`).join('\n')}
    *) words="${flagWords(commands[0] as Command)}" ;;
  esac
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$words" -- "$cur"))
  elif [[ $COMP_CWORD == 1 ]]; then COMPREPLY=($(compgen -W "${words}" -- "$cur"))
  fi
}
complete -o default -F _onnx_passes ${programs.join(' ')}
`;
}

function fish(): string {
  const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
  const lines = programs.flatMap((program) =>
    commands.flatMap(({ name, summary, flags }) => {
      const when = name === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${name.split(' ').at(-1)}`;
      return [
        ...(name === '' || name.includes(' ')
          ? []
          : [`complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`]),
        ...Object.entries(flags).map(([flag, { describe, choices, type, defaultDescription }]) => {
          const long = defaultDescription === 'true' ? `no-${flag}` : flag;
          const values = flag === 'passes' ? passes : choices?.join(' ');
          const takes = type === 'boolean' ? '' : values ? ` -x -a ${quoted(values)}` : ' -r';
          return `complete -c ${program} -n ${quoted(when)} -l ${long}${takes} -d ${quoted(describe)}`;
        }),
      ];
    }),
  );
  return `${lines.join('\n')}\n`;
}
