/** The files of a run, one after another. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt, type Outcome } from './attempt.js';
import { dice, seedOf } from './dice.js';
import { applyPlan, type Plan, planOf } from './mutate.js';
import { type Seed, seedModels } from './seeds.js';
import { shrink } from './shrink.js';

/** What a worker tells of one file; the file, made smaller, where it is the first that ends so. */
export interface Told {
  readonly index: number;
  readonly outcome: Outcome;
  readonly file?: string;
  /** The most memory the process ever had, in bytes. */
  readonly peak: number;
}

/** A file of a run: the model it is made from, and how. */
export function fileOf(models: readonly Seed[], seed: number, index: number) {
  const random = dice(seedOf(seed, index));
  const model = models[random.below(models.length)] as Seed;
  const donor = models[random.below(models.length)] as Seed;
  const plan: Plan = planOf(random);
  return { model, donor, plan, random: random.below(2 ** 31), bytes: applyPlan(model.bytes, donor.bytes, plan) };
}

const keyOf = ({ step, place }: Outcome): string => place || step;

/** Tries the files of a run from `from` to before `to`. */
export async function tryFiles(
  {
    seed,
    from,
    to,
    own = false,
  }: { readonly seed: number; readonly from: number; readonly to: number; readonly own?: boolean },
  tell: (told: Told) => void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-files-'));
  const models = seedModels({ own });
  const seen = new Set<string>();
  try {
    for (let index = from; index < to; index++) {
      const { model, donor, plan, random, bytes } = fileOf(models, seed, index);
      const outcome = await attempt(bytes, folder, random);
      const isNew = outcome.kind === 'found' && seen.size !== seen.add(keyOf(outcome)).size;
      const shows = async (file: Uint8Array): Promise<boolean> => {
        const again = await attempt(file, folder, random);
        return again.kind === 'found' && keyOf(again) === keyOf(outcome);
      };
      const file = isNew
        ? Buffer.from(await shrink(model.bytes, donor.bytes, plan, shows)).toString('base64')
        : undefined;
      tell({ index, outcome, file, peak: process.resourceUsage().maxRSS * 1024 });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
