/** `optimize compare`: accuracy and speed of two models that should do the same. */
import { comparisonText } from '../src/report/text.js';
import { validate } from '../src/validate/index.js';
import type { Flags } from './flags.js';
import { pairIn } from './models.js';
import { exitCodeOf } from './optimize.js';
import { ProgressLine, show } from './terminal.js';

export async function run(flags: Flags): Promise<number> {
  const isHidden = flags.quiet === true || flags.json === true;
  const { paths, settings } = await pairIn(flags);
  const { target, provider = target, ...others } = settings;
  const progress = new ProgressLine(isHidden);
  progress.say('comparing');
  // What was done to the numbers is not known here: the widest gate catches what is wrong whatever it was.
  const found = await validate(...paths, {
    ...{ fidelity: 'lossy', ...others, provider },
    onProgress: (text, estimate) => progress.say(text, estimate),
  }).finally(() => progress.clear());
  show(flags, found, (one, options) => comparisonText({ ...one, seed: settings.seed ?? 0 }, options));
  return exitCodeOf(found, isHidden);
}
