/** The share of a file that the name of a preset promises: where a result is larger, its bytes are named. */
import type { Model } from '../ir/model.js';
import { bytesText, percentText } from '../ir/text/quantities.js';
import { fileBytes } from '../onnx/write.js';
import type { Preset } from '../run/parse.js';
import type { Report } from '../run/report/report.js';

/** The passes of a report, with a note on the last one where the file is larger than the preset that was asked for promises. */
export function withPromise(
  { passes, model: { before, after } }: Pick<Report, 'passes' | 'model'>,
  result: Model,
  asked: unknown,
  presets: readonly Preset[],
  inputBytes: number,
): Report['passes'] {
  const preset = presets.find(({ name }) => name === asked);
  const last = passes.at(-1);
  // The promise is about float32: what is narrow already does not halve again.
  const isWide = (before.bytesByType['float32'] ?? 0) > inputBytes / 2;
  if (!preset?.share || !last || !isWide) return passes;
  const bytes = fileBytes(result);
  if (bytes <= preset.share * inputBytes) return passes;
  const stored = Object.entries(after.bytesByType).sort(([, a], [, b]) => b - a);
  const rest = bytes - stored.reduce((sum, [, one]) => sum + one, 0);
  const parts = [...stored, ['nodes, names and types', rest] as const].filter(([, one]) => one > 0);
  const text = `${preset.name} is at most ${percentText(preset.share)} of the file where it can be; here ${percentText(bytes / inputBytes)}: ${parts
    .map(([type, one]) => `${bytesText(one)} of ${type}`)
    .join(', ')}`;
  return [...passes.slice(0, -1), { ...last, notes: [...last.notes, { text }] }];
}
