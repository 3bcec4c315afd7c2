/** `optimize merge-decoders`: one file of a decoder and the one that reads its cache. */
import { mergeDecoderFiles } from '../../../src/folder/merge-files.js';
import { mergedText } from '../../../src/report/text/folder.js';
import type { Flags } from '../../parse/flags.js';
import { ProgressLine } from '../../terminal/progress-line.js';
import { show, stderr } from '../../terminal/terminal.js';

/** Of decoders that differ once they are merged. */
const REFUSED = 2;

export async function run(flags: Flags): Promise<number> {
  const isHidden = flags.quiet === true || flags.json === true;
  const progress = new ProgressLine(isHidden);
  const found = await mergeDecoderFiles(flags.decoder as string, flags['decoder-with-past'] as string, {
    out: flags.out as string | undefined,
    force: flags.force === true,
    validate: flags.validate !== false,
    onProgress: (text, left) => progress.say(text, left),
  }).finally(() => progress.clear());
  show(flags, found, mergedText);
  const failed = found.proof?.gates.filter(({ passed }) => !passed) ?? [];
  if (isHidden) for (const { name, detail } of failed) stderr.write(`error: ${name}: ${detail}. Nothing was written\n`);
  return failed.length > 0 ? REFUSED : 0;
}
