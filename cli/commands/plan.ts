/** `optimize plan`: the frontier of size, error and time, each point with its command. */
import { plan } from '../../src/plan/plan.js';
import { planPlot, planText } from '../../src/report/plan/plan-text.js';
import { configFromFlags, type Flags } from '../parse/flags.js';
import { ProgressLine } from '../terminal/progress-line.js';
import { show } from '../terminal/terminal.js';

export async function run(flags: Flags): Promise<undefined> {
  const progress = new ProgressLine(flags.json === true);
  const { plot } = flags;
  const found = await plan(flags.model as string, {
    ...configFromFlags(flags),
    onProgress: (text, estimate) => progress.say(text, estimate),
  }).finally(() => progress.clear());
  if (typeof plot === 'string') await (await import('node:fs/promises')).writeFile(plot, planPlot(found));
  show(flags, found, planText);
}
