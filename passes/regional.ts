/** Does nothing: pipelines compile a repeated block once by themselves. Lists of passes written before they did still name it. */
import { z } from 'zod';
import { definePass } from '../src/run/pass.js';

export const regional = definePass({
  name: 'regional',
  aliases: ['dedup'],
  summary:
    'Does nothing any more: repeated blocks are compiled once by themselves; regional: false (--no-regional) compiles each.',
  fidelity: 'exact',
  options: z.object({}),
  run(_, __, context) {
    context.note('regional is no pass any more: repeated blocks of deep models are compiled once by themselves');
  },
});
