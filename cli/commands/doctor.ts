/** `optimize doctor`: which providers work here, and why the others do not; which kernels were probed. */

import { isHost, type Target } from '../../src/ir/targets/targets.js';
import { jsonText, shownText, withTexts } from '../../src/ir/text/shown-text.js';
import { UsageError } from '../../src/ir/text/usage-error.js';
import { beside, hanging, paint } from '../../src/report/style.js';
import { machineOf, versionsOf } from '../../src/run/machine.js';
import { type ProbedKernels, useProbed } from '../../src/runtime/kernels/probe/kept.js';
import { probeProviders } from '../../src/runtime/providers.js';
import { saturates } from '../../src/runtime/saturation.js';
import type { Flags } from '../parse/flags.js';
import { ProgressLine } from '../terminal/progress-line.js';
import { hasColour, lineWidth, stdout } from '../terminal/terminal.js';

export async function run(flags: Flags): Promise<undefined> {
  const asked = flags.target as Target | undefined;
  if (asked && !flags.probe)
    throw new UsageError('doctor --target: expected --probe, whose provider it names; found none');
  const progress = new ProgressLine(flags.json === true);
  progress.say('trying the providers');
  const [providers, machine, versions] = [await probeProviders(), await machineOf(), await versionsOf()];
  const int8 = providers.some(({ provider, works }) => isHost(provider) && works)
    ? { saturates: await saturates() }
    : undefined;
  const { probeHere, probeLines } = await import('./doctor-probe.js');
  const probed = flags.probe ? await probeHere(providers, asked, progress) : [];
  const kernels = (await useProbed()).map(({ table: _, ...one }) => one);
  progress.clear();
  if (flags.json) {
    stdout.write(jsonText({ providers, int8, kernels, ...(flags.probe === true && { probed }), machine, versions }));
    return undefined;
  }
  const p = paint(hasColour(stdout));
  const width = lineWidth(stdout);
  const rows = withTexts(providers, shownText).map(({ provider, works, reason, device }): [string, string] => [
    `${works ? p.good('✓') : p.bad('✗')}  ${p.bold(provider)}`,
    [device, works ? '' : reason].filter(Boolean).join('  '),
  ]);
  const about = machine ? shownText(`${machine.cpu}, ${machine.cores} cores, ${machine.os} ${machine.arch}`) : '';
  const text = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const facts = [...(int8 ? [sumsText(int8.saturates)] : []), ...withTexts(kernels, shownText).map(kernelsText)];
  stdout.write(
    `${[...beside(rows, width), ...facts.flatMap((line) => hanging(line, width)), ...probeLines(withTexts(probed, shownText), width), '', p.dim(about), p.dim(text.join(', '))].join('\n')}\n`,
  );
}

const kernelsText = ({ provider, runtime, measured, path }: Omit<ProbedKernels, 'table'>): string =>
  `kernels of ${provider}: as probed here on ${measured.slice(0, 10)} with onnxruntime-node ${runtime}, in place of the shipped table, so that results may differ from other machines'; without ${path} the shipped one holds`;

const sumsText = (isSaturating: boolean): string =>
  isSaturating
    ? '8-bit sums of u8 × s8 saturate here (no VNNI or AMX): int8 takes weights whose sums do not, unless told otherwise'
    : '8-bit sums of u8 × s8 are exact here';
