/** `optimize inspect`: what a model is made of. */
import { modelCosts } from '../../src/details/costs.js';
import { inferTypes } from '../../src/infer/index.js';
import { checkModel } from '../../src/ir/whole-model/check.js';
import { findBlocks } from '../../src/region/blocks/index.js';
import { inspectModel } from '../../src/report/inspect/inspection.js';
import { inspectionText } from '../../src/report/text/inspection.js';
import type { Flags } from '../parse/flags.js';
import { show } from '../terminal/terminal.js';
import { modelIn } from './models.js';

export async function run(flags: Flags): Promise<undefined> {
  const model = await modelIn(flags);
  checkModel(model);
  const options = { values: flags.values === true, find: findBlocks, costs: await modelCosts(model) };
  show(flags, inspectModel(model, inferTypes(model), options), inspectionText);
}
