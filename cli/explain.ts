/** `optimize explain`: why each site is fused, or not. */

import { explain } from '../src/explain.js';
import type { Limits } from '../src/ir/budget.js';
import { jsonText, shownText, withTexts } from '../src/ir/shown-text.js';
import { readModel } from '../src/onnx/read.js';
import { explanationText } from '../src/report/explanation-text.js';
import { shortageText } from '../src/report/inspection-text.js';
import type { Target } from '../src/run/pass.js';
import type { Flags } from './flags.js';
import { hasColour, stderr, stdout } from './terminal.js';

export async function run(flags: Flags): Promise<undefined> {
  const model = await readModel(flags.model as string, {
    allowOutsideData: flags['allow-outside-data'] === true,
    budget: flags.budget as Limits | undefined,
  });
  const sites = await explain(model, {
    plugins: flags.plugin as readonly string[] | undefined,
    passes: flags.passes as string | undefined,
    rule: flags.rule as string | undefined,
    at: flags.at as string | undefined,
    target: flags.target as Target | undefined,
    onShortage: (one) => stderr.write(`left undone: ${shortageText(withTexts(one, shownText))}\n`),
  });
  stdout.write(flags.json ? jsonText(sites) : explanationText(sites, { isColoured: hasColour(stdout) }));
}
