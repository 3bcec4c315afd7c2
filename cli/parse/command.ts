/** What a command is. */
import type { Flag, Flags } from './flags.js';

export interface Command {
  /** Empty for the command that needs no word. */
  readonly name: string;
  readonly positionals: readonly string[];
  /** True where the last positional may be given several times: all of them come as a list under its plural. */
  readonly isRepeated?: boolean;
  /** One more word that may stand behind them. */
  readonly optional?: string;
  readonly summary: string;
  readonly flags: Readonly<Record<string, Flag>>;
}

/** Does a command and gives the exit code, 0 where it gives none. `words` is the command line as it was typed. */
export type RunCommand = (flags: Flags, words: readonly string[]) => Promise<number | undefined>;
