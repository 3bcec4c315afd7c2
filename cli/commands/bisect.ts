/** `optimize bisect`, and `compare --by-block`: where a result drifts from its original. */
import { bisect } from '../../src/bisect.js';
import { bisectText } from '../../src/report/text/bisect.js';
import { resolveTarget } from '../../src/runtime/providers.js';
import type { Flags } from '../parse/flags.js';
import { ProgressLine } from '../terminal/progress-line.js';
import { show } from '../terminal/terminal.js';
import { pairIn } from './models.js';

export async function run(flags: Flags): Promise<undefined> {
  const { paths, settings } = await pairIn(flags);
  const progress = new ProgressLine(flags.json === true);
  progress.say('comparing values');
  const target = settings.target && (await resolveTarget(settings.target));
  show(flags, await bisect(...paths, { ...settings, target }).finally(() => progress.clear()), bisectText);
}
