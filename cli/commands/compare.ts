/** `optimize compare`: accuracy and speed of two models that should do the same. */
import { providerOf, targetRunBy } from '../../src/ir/targets/targets.js';
import { shellWord } from '../../src/ir/text/shell-word.js';
import { withCures } from '../../src/job/cures.js';
import { comparisonText } from '../../src/report/text.js';
import { comparingProvider } from '../../src/runtime/providers.js';
import type { Config } from '../../src/settings/config.js';
import { validate } from '../../src/validate/index.js';
import type { PlacementReport } from '../../src/validate/placement.js';
import type { ValidateOptions } from '../../src/validate/validation.js';
import type { Flags } from '../parse/flags.js';
import { ProgressLine } from '../terminal/progress-line.js';
import { show } from '../terminal/terminal.js';
import { modelAt, pairIn } from './models.js';
import { exitCodeOf } from './optimize/exit-codes.js';

export async function run(flags: Flags): Promise<number> {
  const isHidden = flags.quiet === true || flags.json === true;
  const { paths, settings } = await pairIn(flags);
  const { target, provider, ...others } = settings;
  const progress = new ProgressLine(isHidden);
  progress.say('comparing');
  // What was done to the numbers is not known here: the widest gate catches what is wrong whatever it was.
  const found = await validate(...paths, {
    ...{ fidelity: 'lossy', ...others, ...(await placeOf(target, provider)) },
    onProgress: (text, estimate) => progress.say(text, estimate),
  }).finally(() => progress.clear());
  const placement = found.placement && (await cured(found.placement, paths[1], settings));
  show(flags, { ...found, placement }, (one, options) => comparisonText({ ...one, seed: settings.seed ?? 0 }, options));
  return exitCodeOf(found, isHidden);
}

/** Where the models run, as results are compared: on the CPU where the target is not here, whose tables then tell the placement. */
async function placeOf(target: Config['target'], asked: Config['provider']): Promise<Partial<ValidateOptions>> {
  if (target === undefined || target === 'auto') return { provider: asked ?? target };
  const aim = providerOf(target);
  const provider = await comparingProvider(aim, asked);
  return { provider, ...(targetRunBy(provider) !== aim && { absent: aim }) };
}

/** The placement with a command for each cause that one ends. */
async function cured(placement: PlacementReport, path: string, settings: Config): Promise<PlacementReport> {
  if (placement.names.length === 0) return placement;
  const target = targetRunBy(placement.provider);
  const found = await withCures(placement, await modelAt(path, settings), target, '');
  const causes = found.causes?.map(({ cure, ...cause }) => ({
    ...cause,
    cure: cure && `optimize ${shellWord(path)} --target ${target} ${cure}`,
  }));
  return { ...found, causes };
}
