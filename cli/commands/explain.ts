/** `optimize explain`: why each site is fused, or not. */

import { explain } from '../../src/explain.js';
import type { TargetName } from '../../src/ir/targets/targets.js';
import { shownText, withTexts } from '../../src/ir/text/shown-text.js';
import { explanationText } from '../../src/report/text/explanation.js';
import { shortageText } from '../../src/report/text/inspection.js';
import type { Flags } from '../parse/flags.js';
import { pluginsFor } from '../settings/settings.js';
import { show, stderr } from '../terminal/terminal.js';
import { modelIn } from './models.js';

export async function run(flags: Flags): Promise<undefined> {
  const sites = await explain(await modelIn(flags), {
    plugins: await pluginsFor(flags),
    passes: flags.passes as string | undefined,
    rule: flags.rule as string | undefined,
    at: flags.at as string | undefined,
    target: flags.target as TargetName | undefined,
    onShortage: (one) => stderr.write(`left undone: ${shortageText(withTexts(one, shownText))}\n`),
  });
  show(flags, sites, explanationText);
}
