/** `optimize inspect`: what a model is made of. */
import { inferTypes } from '../src/infer/index.js';
import { checkModel } from '../src/ir/check.js';
import { readModel } from '../src/onnx/read.js';
import { inspectionText, inspectModel } from '../src/report/inspection.js';
import { type Flags, single } from './flags.js';
import { hasColour } from './terminal.js';

export async function run(flags: Flags): Promise<undefined> {
  const model = await readModel(single(flags, 'model') as string, {
    allowOutsideData: flags['allow-outside-data'] === true,
  });
  checkModel(model);
  const facts = inferTypes(model);
  const inspection = inspectModel(model, (value) => facts.contents(value));
  process.stdout.write(
    flags.json
      ? `${JSON.stringify(inspection, undefined, 2)}\n`
      : inspectionText(inspection, { isColoured: hasColour(process.stdout), values: flags.values === true }),
  );
}
