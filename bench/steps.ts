/** Lists the pipelines that the bench measures, each with one more pass. */
import type { Target } from '../src/ir/targets/targets.js';

const stack = (...names: string[]): string[] => names.map((_, i) => names.slice(0, i + 1).join(','));

/** The steps of each provider: what it computes or stores in fewer bits, as the passes' summaries say. */
export const defaultSteps: Readonly<Record<Target, readonly string[]>> = {
  cpu: stack('bf16', 'fuse-attn', 'int8'),
  webgpu: stack('fp16', 'fuse-attn', 'int8'),
  cuda: ['fuse-attn', ...stack('bf16', 'fuse-attn', 'int8'), ...stack('fp16', 'fuse-attn', 'int8')],
};

/** Steps as the command line states them: `bf16;bf16,fuse-attn`. */
export const stepsFromText = (text: string): string[] =>
  text
    .split(';')
    .map((step) => step.trim())
    .filter((step) => step !== '');
