/** What each command does, loaded when it is asked for. */
import type { RunCommand } from '../parse/command.js';

/** By name of the command. */
export const runs: Readonly<Record<string, RunCommand>> = {
  '': async (flags, words) => (await import('./optimize/optimize.js')).run(flags, words),
  run: async (flags) => (await import('./optimize/run.js')).run(flags),
  inspect: async (flags) => (await import('./inspect.js')).run(flags),
  explain: async (flags) => (await import('./explain.js')).run(flags),
  plan: async (flags) => (await import('./plan.js')).run(flags),
  compare: async (flags) =>
    flags['by-block'] ? (await import('./bisect.js')).run(flags) : (await import('./compare.js')).run(flags),
  diff: async (flags) => (await import('./diff.js')).run(flags),
  bisect: async (flags) => (await import('./bisect.js')).run(flags),
  extract: async (flags) => (await import('./parts/cut.js')).runExtract(flags),
  split: async (flags) => (await import('./parts/cut.js')).runSplit(flags),
  'first-block-cache': async (flags) => (await import('./parts/first-block.js')).run(flags),
  report: async (flags) => (await import('./report/report.js')).run(flags),
  'report diff': async (flags) => (await import('./report/diff.js')).run(flags),
  passes: async (flags) => (await import('./passes.js')).run(flags),
  'merge-decoders': async (flags) => (await import('./parts/merge-decoders.js')).run(flags),
  mcp: async (flags) => (await import('./mcp/mcp.js')).run(flags, runs),
  completion: async (flags) => (await import('./completion.js')).run(flags),
  doctor: async (flags) => (await import('./doctor.js')).run(flags),
};
