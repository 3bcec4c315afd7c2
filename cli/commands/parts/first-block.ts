/** `optimize first-block-cache`: a denoiser as probe and rest. */
import { bytesText, numberText } from '../../../src/ir/text/quantities.js';
import { shownText } from '../../../src/ir/text/shown-text.js';
import { type FirstBlockReport, writeFirstBlock } from '../../../src/job/first-block-files.js';
import { configFromFlags, type Flags } from '../../parse/flags.js';
import { show } from '../../terminal/terminal.js';

export async function run(flags: Flags): Promise<undefined> {
  const { allowOutsideData, budget, seed } = configFromFlags(flags);
  const found = await writeFirstBlock(flags.model as string, {
    ...{ allowOutsideData, budget, seed, force: flags.force === true },
    out: flags.out as string | undefined,
    end: flags.end as string | undefined,
    threshold: flags.threshold as number | undefined,
    steps: flags.steps as number | undefined,
  });
  show(flags, found, text);
}

function text({ end, last, files, bytes, runs, steps, seed }: FirstBlockReport): string {
  const lines = [
    `the first block ends at ${end}, the last at ${last}`,
    ...runs.map(({ threshold, skipped, drift, psnr }) => {
      const far = `drift ${numberText(drift.at(-1))}${psnr === null ? '' : `, PSNR ${numberText(psnr)} dB`}`;
      return `threshold ${threshold}: ${skipped.length} of ${steps} steps skipped${skipped.length > 0 ? ` (${skipped.map((step) => step + 1).join(', ')})` : ''}, ${far} against the original (seed ${seed})`;
    }),
    `wrote ${files.join(', ')} (${bytesText(bytes)}); stepCache(probe, rest, { threshold }) of onnx-passes runs them`,
  ];
  return lines.map((line) => `${shownText(line)}\n`).join('');
}
