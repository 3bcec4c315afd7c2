/** What is tuned at the end of the day, on the device, in the time that is left: the races stay in a file that later runs on such a device read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../../src/run/report/report.js';
import type { Clock } from './clock.js';
import type { Plan } from './plans.js';
import { stepOf } from './plans.js';
import { optimize, type Place, sizesOf } from './prepare.js';
import type { TunedRow } from './tuned-row.js';

/** Seconds of one model: measuring, and the passes and processes around it. */
const BUDGET = 20;
const AROUND = 25;

export async function tuneAll(plans: readonly Plan[], place: Place, clock: Clock): Promise<void> {
  const rows: TunedRow[] = [];
  for (const plan of plans) {
    if (clock.isOver(`tuning of ${plan.name}`, BUDGET + AROUND)) continue;
    const { passes } = stepOf(plan.steps.findLast((step) => !step.includes('@')) ?? '');
    const report = join(place.work, `${plan.name}-tuned.json`);
    const words = [join(place.work, `${plan.name}.onnx`), '-o', join(place.work, `${plan.name}-tuned.onnx`)];
    const asked = [
      '--passes',
      passes,
      '--target',
      place.target,
      '--verify',
      'none',
      '--no-validate',
      '--force',
      ...sizesOf(plan.dims),
    ];
    const tune = ['--tune', '--tune-budget', `${BUDGET}s`, '--tune-cache', join(clock.folder, 'tune.json')];
    const said = await optimize(place, [...words, ...asked, ...tune, '--report', report], 120_000);
    clock.say(`${plan.name}, ${passes} --tune: exit ${said.exit}`);
    rows.push(
      ...(said.exit === 0
        ? rowsOf(plan.name, JSON.parse(readFileSync(report, 'utf8')) as Report)
        : [{ model: plan.name, candidate: passes, kept: false, reason: said.said.slice(-300) }]),
    );
    clock.record.tuned = rows;
    clock.save(`tuning of ${plan.name}`);
  }
}

function rowsOf(model: string, { passes, tuning }: Report): TunedRow[] {
  type Measured = NonNullable<Report['tuning']>['sessions'][number];
  const row = (candidate: string, { kept, speed, reason }: Pick<Measured, 'kept' | 'speed' | 'reason'>): TunedRow => {
    const { ratio, interval, significant } = speed ?? {};
    return { model, candidate, kept, ...(speed ? { ratio, interval, significant } : { reason }) } as TunedRow;
  };
  return [
    ...passes.flatMap(({ tuning: all = [] }) =>
      all.map((one) => row(`${one.variant} on ${one.instances} × ${one.block}`, one)),
    ),
    ...(tuning?.whole ? [row('tuned against untuned', tuning.whole)] : []),
    ...(tuning?.sessions ?? []).map((one) => row(`sessions: ${JSON.stringify(one.options)}`, one)),
  ];
}
