/** What a job does at the moment, in a line. */
import type { Progress } from '../run/pipeline/pipeline-options.js';

export const progressText = ({ step, pass, position, count, about }: Progress): string => {
  if (about) return `${position + 1}/${count} measuring ${about}`;
  const doing = {
    infer: 'inferring types',
    run: 'running',
    tune: 'measuring',
    verify: 'verifying',
    narrow: 'finding where it breaks its gate',
  }[step];
  return `${position + 1}/${count} ${pass}: ${doing}`;
};
