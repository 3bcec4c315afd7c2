/** What the runtime's own optimizer made of a result, in words. */
import { msText, ratioRangeText, ratioText } from '../../ir/text/quantities.js';
import type { Report } from '../../run/report/report.js';
import { signed } from '../style.js';

type Aot = NonNullable<Report['aot']>;

/** `after us onnxruntime made +3 FusedMatMul, -6 MatMul: 120 → 117 nodes`, and how fast its session is created. */
export function aotTexts({ ops, nodes, create }: Aot): string[] {
  const changed = Object.entries(ops).map(([op, n]) => `${signed(n)} ${op.replace(/^com\.microsoft\./, '')}`);
  const { samples, ratio, interval, significant, decidedBy } = create;
  const [before, after] = [samples.original, samples.result].map(middle);
  const speed = `${ratioText(ratio)} ${ratioRangeText(interval)}${significant ? '' : ', not significant'}`;
  return [
    changed.length > 0
      ? `after us onnxruntime made ${changed.join(', ')}: ${nodes.before} → ${nodes.after} nodes`
      : 'onnxruntime changed no node after us',
    `creating a session ${msText(before ?? 0)} → ${msText(after ?? 0)}${decidedBy === 'wall' ? '' : ' of CPU time'}, ${speed}, ${samples.result.length} of each in turns`,
  ];
}

const middle = (sample: readonly number[]): number => [...sample].sort((a, b) => a - b)[sample.length >> 1] ?? 0;
