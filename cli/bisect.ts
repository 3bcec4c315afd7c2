/** `optimize bisect`, and `compare --by-block`: where a result drifts from its original. */

import { bisect } from '../src/bisect.js';
import { checkInputs } from '../src/check-inputs.js';
import { jsonText } from '../src/ir/shown-text.js';
import { readModel } from '../src/onnx/read.js';
import { bisectText } from '../src/report/bisect-text.js';
import { resolveTarget } from '../src/runtime/providers.js';
import { configFromFlags, type Flags } from './flags.js';
import { hasColour, ProgressLine, stdout, widthOf } from './terminal.js';

export async function run(flags: Flags): Promise<undefined> {
  const { target, ...settings } = configFromFlags(flags);
  const [original, result] = [flags.original as string, flags.result as string];
  const { allowOutsideData, budget, shapes, dims, inputs } = settings;
  if (shapes ?? dims ?? inputs) await checkInputs(await readModel(original, { allowOutsideData, budget }), settings);
  const progress = new ProgressLine(flags.json === true);
  progress.say('comparing values');
  const found = await bisect(original, result, {
    ...settings,
    target: target && (await resolveTarget(target)),
  }).finally(() => progress.clear());
  const width = Math.max(60, widthOf(stdout));
  stdout.write(flags.json ? jsonText(found) : bisectText(found, { isColoured: hasColour(stdout), width }));
}
