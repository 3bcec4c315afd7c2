/** Results compared with the file that they are made from. What is compared is the file that will be published: it gets its name where the gates hold. */
import type { DraftedFile } from '../disk/write-set.js';
import type { Model } from '../ir/model.js';
import { targetRunBy } from '../ir/targets/targets.js';
import type { ProgressListener } from '../ir/text/progress.js';
import { modelFile } from '../onnx/write.js';
import type { Fidelity } from '../run/pass.js';
import type { Deadline } from '../run/pipeline/deadline.js';
import type { Report } from '../run/report/report.js';
import type { Config } from '../settings/config.js';
import type { Baseline, Validation } from '../validate/validation.js';
import type { OptimizeFileOptions } from './options.js';

/** The findings of the comparison with the original. */
export type EndFindings = Pick<
  Validation,
  'accuracy' | 'rollout' | 'ranges' | 'speed' | 'notTimed' | 'placement' | 'gates' | 'cuts' | 'profiles'
>;

interface EndSettings extends OptimizeFileOptions {
  readonly input: string;
  readonly out: string;
  readonly target: Report['target'];
  readonly deadline: Deadline;
  readonly baseline: Baseline;
  /** Whether one run of each model is profiled. */
  readonly profile: boolean;
  /** Whether the digest of the file is needed. */
  readonly isHashed: boolean;
}

interface EndQuestion {
  readonly fidelity: Fidelity;
  /** True where the result may be given up for another: nothing is timed. */
  readonly isTrial?: boolean | undefined;
  readonly isUnchanged?: boolean | undefined;
}

/** A result as a file, as it was at a revision. */
interface Draft {
  readonly model: Model;
  readonly revision: number;
  readonly file: DraftedFile | undefined;
}

/** The comparisons of one job. It holds the file of the last result, until it is closed. */
export class Ends {
  readonly #found = new Map<Model, { readonly revision: number; readonly findings: EndFindings }>();
  #draft: Draft | undefined;

  constructor(
    readonly settings: EndSettings,
    readonly say: ProgressListener,
  ) {}

  /** Accuracy, speed and gates of a result; of one that was compared before, and not as a trial, what was found then. */
  async compare(result: Model, { fidelity, isTrial = false, isUnchanged }: EndQuestion): Promise<EndFindings> {
    const known = this.#found.get(result);
    if (known?.revision === result.revision) return known.findings;
    const { input, target, ...options } = this.settings;
    const { validate } = await import('../validate/index.js');
    const { comparingProvider } = await import('../runtime/providers.js');
    const provider = await comparingProvider(target, options.provider);
    // What may be given up is not written to the disk for it.
    const file = isTrial ? undefined : await this.#drafted(result);
    this.say(`comparing with the original on ${provider}`);
    const isElsewhere = targetRunBy(provider) !== target;
    const findings = await validate(input, result, {
      ...asValidated(options),
      fidelity,
      provider,
      ...(isElsewhere && { absent: target }),
      ...(isTrial && { speed: false, profile: false }),
      isUnchanged,
      resultFile: file?.file.temporary.path,
      onProgress: this.say,
    });
    if (!isTrial) this.#found.set(result, { revision: result.revision, findings });
    return findings;
  }

  /** The file that a result was compared as, to be published; undefined where it was compared otherwise, or changed since. */
  draftOf(result: Model): DraftedFile | undefined {
    return this.#current(result)?.file;
  }

  close(): void {
    this.#draft?.file?.drop();
    this.#draft = undefined;
  }

  #current(result: Model): Draft | undefined {
    const draft = this.#draft;
    return draft?.model === result && draft.revision === result.revision ? draft : undefined;
  }

  async #drafted(result: Model): Promise<DraftedFile | undefined> {
    const current = this.#current(result);
    if (current) return current.file;
    this.close();
    const file = await this.#written(result);
    this.#draft = { model: result, revision: result.revision, file };
    return file;
  }

  /** Undefined where it has files of data: these are not found before they have their names. */
  async #written(result: Model): Promise<DraftedFile | undefined> {
    const file = modelFile(result, this.settings.out, this.settings);
    if (file.data?.length) return undefined;
    const { draftFile } = await import('../disk/write-set.js');
    return draftFile(file, this.settings);
  }
}

/** The options of a comparison among those of a job. */
export function asValidated<Options extends OptimizeFileOptions>(
  options: Options,
): Omit<Options, 'passes' | 'provider'> {
  const { passes: _, provider: __, ...settings } = options as Options & Pick<Config, 'passes' | 'provider'>;
  return settings;
}
