/** The part of the report about steps of both models on their own outputs. */
import { z } from 'zod';
import { count, measure } from './common.js';

export const rollout = z
  .object({
    kind: z
      .enum(['state', 'tokens', 'denoise'])
      .describe('A recurrent state, the text of a decoder, the latent of a denoiser.'),
    fedBack: z
      .array(z.object({ output: z.string(), input: z.string() }))
      .describe('Logits by their largest, the output of a denoiser by a step along it, the others as they are.'),
    asked: count.describe('Steps that were asked for.'),
    drift: z
      .array(measure)
      .describe(
        'Relative L2 after each step that both ran, each on what it gave itself; null where NaN, infinities or shapes differ.',
      ),
    of: z.string().describe('The output that drifted most after the last step.'),
    limit: measure.describe('What the last drift is held against.'),
    tokens: z
      .object({
        prefix: count.describe('Steps before the first at which any row would choose another token.'),
        equal: count.describe("Tokens that are equal where both read the original's text."),
        of: count,
        divergence: z.array(measure).describe('Kullback-Leibler divergence of the next token, in nats, by step.'),
      })
      .optional(),
    psnr: measure.optional().describe("Decibels, of a denoiser's last latent; null where both are equal."),
    provider: z.string(),
    form: z
      .enum(['plain', 'emulated'])
      .describe('The arithmetic of the result; the original runs in that of the provider.'),
    source: z.enum(['data', 'made']).describe('Whether the inputs were given.'),
    inputs: z.string().describe('Where they come from, in words.'),
    failure: z.string().optional().describe('Why it fails the accuracy gate.'),
    notes: z.array(z.string()),
  })
  .optional()
  .describe('Steps of original and result on their own outputs. Absent where no output feeds an input.');
