/** `optimize inspect`: what a model is made of. */

import { inferTypes } from '../src/infer/index.js';
import type { Limits } from '../src/ir/budget.js';
import { checkModel } from '../src/ir/check.js';
import { jsonText } from '../src/ir/shown-text.js';
import { readModel } from '../src/onnx/read.js';
import { findBlocks } from '../src/region/blocks/index.js';
import { inspectModel } from '../src/report/inspection.js';
import { inspectionText } from '../src/report/inspection-text.js';
import type { Flags } from './flags.js';
import { hasColour, stdout } from './terminal.js';

export async function run(flags: Flags): Promise<undefined> {
  const model = await readModel(flags.model as string, {
    allowOutsideData: flags['allow-outside-data'] === true,
    budget: flags.budget as Limits | undefined,
  });
  checkModel(model);
  const inspection = inspectModel(model, inferTypes(model), { values: flags.values === true, find: findBlocks });
  stdout.write(flags.json ? jsonText(inspection) : inspectionText(inspection, { isColoured: hasColour(stdout) }));
}
