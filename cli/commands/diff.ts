/** `optimize diff`: what differs between two models. */
import { diffModels } from '../../src/diff/diff-models.js';
import { modelDiffText } from '../../src/report/diff/model-diff-text.js';
import { configFromFlags, type Flags } from '../parse/flags.js';
import { show } from '../terminal/terminal.js';
import { modelAt } from './models.js';

export async function run(flags: Flags): Promise<undefined> {
  const settings = configFromFlags(flags);
  show(
    flags,
    diffModels(await modelAt(flags.original, settings), await modelAt(flags.result, settings)),
    modelDiffText,
  );
}
