/** `optimize doctor`: which providers work here, and why the others do not. */

import { isHost } from '../../src/ir/targets/targets.js';
import { jsonText, shownText, withTexts } from '../../src/ir/text/shown-text.js';
import { beside, hanging, paint } from '../../src/report/style.js';
import { machineOf, versionsOf } from '../../src/run/machine.js';
import { probeProviders } from '../../src/runtime/providers.js';
import { saturates } from '../../src/runtime/saturation.js';
import type { Flags } from '../parse/flags.js';
import { ProgressLine } from '../terminal/progress-line.js';
import { hasColour, stdout, widthOf } from '../terminal/terminal.js';

export async function run(flags: Flags): Promise<undefined> {
  const progress = new ProgressLine(flags.json === true);
  progress.say('trying the providers');
  const [providers, machine, versions] = [await probeProviders(), await machineOf(), await versionsOf()];
  const int8 = providers.some(({ provider, works }) => isHost(provider) && works)
    ? { saturates: await saturates() }
    : undefined;
  progress.clear();
  if (flags.json) {
    stdout.write(jsonText({ providers, int8, machine, versions }));
    return undefined;
  }
  const p = paint(hasColour(stdout));
  const width = Math.max(60, widthOf(stdout));
  const rows = withTexts(providers, shownText).map(({ provider, works, reason, device }): [string, string] => [
    `${works ? p.good('✓') : p.bad('✗')}  ${p.bold(provider)}`,
    [device, works ? '' : reason].filter(Boolean).join('  '),
  ]);
  const about = machine ? shownText(`${machine.cpu}, ${machine.cores} cores, ${machine.os} ${machine.arch}`) : '';
  const text = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const sums = int8 ? [sumsText(int8.saturates)] : [];
  stdout.write(
    `${[...beside(rows, width), ...sums.flatMap((line) => hanging(line, width)), '', p.dim(about), p.dim(text.join(', '))].join('\n')}\n`,
  );
}

const sumsText = (isSaturating: boolean): string =>
  isSaturating
    ? '8-bit sums of u8 × s8 saturate here (no VNNI or AMX): int8 takes weights whose sums do not, unless told otherwise'
    : '8-bit sums of u8 × s8 are exact here';
