/** `optimize extract` and `optimize split`: parts of a model as models. */
import { bytesText } from '../../../src/ir/text/quantities.js';
import { shownText } from '../../../src/ir/text/shown-text.js';
import { extractFile, splitFile, type WrittenPart } from '../../../src/job/cut-files.js';
import { configFromFlags, type Flags } from '../../parse/flags.js';
import { show } from '../../terminal/terminal.js';

const settingsIn = (flags: Flags) => {
  const { allowOutsideData, budget } = configFromFlags(flags);
  return { allowOutsideData, budget, out: flags.out as string | undefined, force: flags.force === true };
};

const namesIn = (flags: Flags, end: 'from' | 'to') => flags[end] as readonly string[] | undefined;

export async function runExtract(flags: Flags): Promise<undefined> {
  const found = await extractFile(flags.model as string, {
    ...settingsIn(flags),
    from: namesIn(flags, 'from'),
    to: namesIn(flags, 'to'),
  });
  show(flags, found, ({ needed, ...part }) => {
    const also = needed.length > 0 && namesIn(flags, 'from') ? `it also needs the inputs ${needed.join(', ')}` : '';
    return `${partText(part)}${also && `${shownText(also)}\n`}`;
  });
}

export async function runSplit(flags: Flags): Promise<undefined> {
  const found = await splitFile(flags.model as string, {
    ...settingsIn(flags),
    blocks: flags.blocks as number | undefined,
  });
  show(
    flags,
    found,
    ({ parts, contract }) =>
      `${parts.map(partText).join('')}${shownText(contract)} says which output feeds which input\n`,
  );
}

const partText = ({ file, bytes, nodes, inputs, outputs }: WrittenPart): string =>
  `${shownText(`${file}: ${nodes} nodes, ${bytesText(bytes)}, ${inputs.join(', ') || 'no input'} ⟶ ${outputs.join(', ')}`)}\n`;
