/** `optimize inspect`: what a model is made of. */
import { inferTypes } from '../src/infer/index.js';
import { checkModel } from '../src/ir/check.js';
import { jsonText } from '../src/ir/shown-text.js';
import { readModel } from '../src/onnx/read.js';
import { findBlocks } from '../src/region/blocks/index.js';
import { inspectModel } from '../src/report/inspection.js';
import { inspectionText } from '../src/report/inspection-text.js';
import { type Flags, limitsIn, single } from './parsed.js';
import { hasColour, stdout } from './terminal.js';

export async function run(flags: Flags): Promise<undefined> {
  const model = await readModel(single(flags, 'model') as string, {
    allowOutsideData: flags['allow-outside-data'] === true,
    budget: limitsIn(flags),
  });
  checkModel(model);
  const inspection = inspectModel(model, inferTypes(model), { values: flags.values === true, find: findBlocks });
  stdout.write(flags.json ? jsonText(inspection) : inspectionText(inspection, { isColoured: hasColour(stdout) }));
}
