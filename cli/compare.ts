/** `optimize compare`: accuracy and speed of two models that should do the same. */

import { checkInputs } from '../src/check-inputs.js';
import { jsonText } from '../src/ir/shown-text.js';
import { readModel } from '../src/onnx/read.js';
import { comparisonText } from '../src/report/text.js';
import { validate } from '../src/validate/index.js';
import { configFromFlags, type Flags } from './flags.js';
import { exitCodeOf } from './optimize.js';
import { hasColour, ProgressLine, stdout } from './terminal.js';

export async function run(flags: Flags): Promise<number> {
  const isHidden = flags.quiet === true || flags.json === true;
  const { target, ...settings } = configFromFlags(flags);
  const [original, result] = [flags.original as string, flags.result as string];
  const { allowOutsideData, budget, shapes, dims, inputs } = settings;
  if (shapes ?? dims ?? inputs) await checkInputs(await readModel(original, { allowOutsideData, budget }), settings);
  const progress = new ProgressLine(isHidden);
  progress.say('comparing');
  // What was done to the numbers is not known here: the widest gate catches what is wrong whatever it was.
  const found = await validate(original, result, {
    fidelity: 'lossy',
    ...settings,
    provider: target,
    onProgress: (text, outlook) => progress.say(text, outlook),
  }).finally(() => progress.clear());
  if (flags.json) stdout.write(jsonText(found));
  else if (!flags.quiet)
    stdout.write(comparisonText({ ...found, seed: settings.seed ?? 0 }, { isColoured: hasColour(stdout) }));
  return exitCodeOf(found, isHidden);
}
