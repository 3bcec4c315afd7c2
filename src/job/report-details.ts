/** The details that a job on a file adds to its report: times of nodes, error by block, hashes, a recipe. */
import type { Model } from '../ir/model.js';
import type { ProgressListener } from '../ir/text/progress.js';
import { packed } from '../run/report/details/pack.js';
import { nodeDetails } from '../run/report/details/unpack.js';
import type { Report } from '../run/report/report.js';
import type { Validation } from '../validate/validation.js';
import type { OptimizeFileOptions } from './options.js';

type JobDetails = Pick<Report, 'details' | 'profile' | 'errors' | 'hashes' | 'recipe'>;

/** What was done, by the job. */
interface DoneJob {
  readonly input: string;
  readonly files: readonly string[];
  readonly model: Model;
  /** The file that was compared; undefined where it was another form of the model. */
  readonly resultFile: string | undefined;
  readonly passes: string;
  readonly report: Pick<Report, 'passes' | 'fidelity' | 'model' | 'target' | 'seed' | 'details'>;
  /** Undefined where nothing was compared. */
  readonly measured: Pick<Validation, 'accuracy' | 'profiles'> | undefined;
}

export async function jobDetails(
  { input, files, model, resultFile, passes, report, measured }: DoneJob,
  options: OptimizeFileOptions,
  say: ProgressListener,
  started: number,
): Promise<JobDetails> {
  const { hashesOf, recipeOf } = await import('./origin.js');
  const { target, seed, details } = report;
  const hashes = await hashesOf(files, options.inputs);
  const recipe = recipeOf(input, { ...options }, { passes, target, seed });
  const known = nodeDetails(report);
  if (!measured || !known.graph) return { hashes, recipe };
  const { errorsOf } = await import('../details/errors.js');
  const { withProfile } = await import('../details/profile.js');
  say('comparing blocks');
  const { inputs, dims, shapes, allowOutsideData, budget } = options;
  const isRunning = measured.accuracy.failures.length === 0 && measured.accuracy.outputs.length > 0;
  const errors = isRunning
    ? await errorsOf(input, resultFile ?? model, report, {
        ...{ inputs, dims, shapes, seed, allowOutsideData, budget },
        jobMs: performance.now() - started,
        onProgress: (estimate) => say('comparing blocks', estimate),
      })
    : undefined;
  const timed = measured.profiles && withProfile(known.graph, measured.profiles);
  const withTimes = timed && packed({ ...known, graph: timed.graph });
  return {
    ...{ hashes, recipe, ...(errors && { errors }) },
    ...(timed && { profile: timed.profile, details: { ...details, ...withTimes } as Report['details'] }),
  };
}
