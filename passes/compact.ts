/** compact: leaves out of the file what no runtime needs: names, texts, types that follow, attributes that say what is usual. */

import { z } from 'zod';
import { bytesText, percentText } from '../src/ir/text/quantities.js';
import { definePass } from '../src/run/pass.js';
import { compacted, structureShare } from './compact/compacted.js';

export const compact = definePass({
  name: 'compact',
  summary:
    'Leaves out what runtimes do not need: names of nodes and inner values, texts, types that follow. For small files.',
  fidelity: 'exact',
  needs: ['types', 'repeats'],
  options: z.object({
    above: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('Only where all but the numbers takes more than this share of the file.'),
  }),
  run(model, { above }, { fileBytes, note, skip }) {
    const bytes = fileBytes(model);
    const share = structureShare(model, bytes);
    if (above > 0 && share <= above)
      return skip(`all but the numbers takes ${percentText(share)} of the file, not more than ${percentText(above)}`);
    const { revision } = model;
    compacted(model);
    if (model.revision !== revision)
      note(
        `names of nodes and inner values, and what follows from the rest: ${bytesText(bytes - fileBytes(model))} left out`,
      );
  },
});
