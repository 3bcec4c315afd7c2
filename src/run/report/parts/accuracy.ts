/** The part of the report about errors: the result's outputs against the original's. */
import { z } from 'zod';
import { count, fidelity, measure, verdict } from './common.js';

const outputAccuracy = z.object({
  name: z.string(),
  type: z.string(),
  compared: count.optional().describe('Elements that are finite on both sides; of integers, bools and text all.'),
  scale: measure.optional().describe("Largest magnitude of the original's output."),
  maxAbs: measure,
  maxRel: measure.describe("The largest error over the largest magnitude of the original's output."),
  relativeL2: measure.describe('‖result − original‖ / ‖original‖.'),
  cosine: measure,
  snr: measure.describe('Decibels; null where both are equal.'),
  nonFinite: z.object({ original: count, result: count }).describe('NaN and infinite elements.'),
  nonFiniteMismatches: count.describe('Elements that are NaN or infinite in one of the two alone.'),
  equal: measure.optional().describe('Share of equal elements; of integers, bools and text.'),
  meaning: z
    .object({
      kind: z
        .enum(['classes', 'tokens', 'embedding', 'mask', 'decisions', 'detections', 'waveform', 'image'])
        .describe('What the output is for, as far as the graph and its names say.'),
      measure: z.string().describe('What was measured, in words.'),
      value: measure.describe('A share, a cosine, or decibels: more is better. Over all sets of inputs.'),
      samples: count.describe('Rows, elements or detections that it is taken from.'),
      divergence: measure.optional().describe('Of tokens: Kullback-Leibler divergence of a row, in nats, on average.'),
      top5: measure.optional().describe('Of tokens: share of the five likeliest that are the same.'),
    })
    .optional()
    .describe('How much is kept of what the output is for. Absent for a tensor like any other.'),
  top1: measure.optional().describe('The share that `meaning` gives, of classes and tokens.'),
});

export const accuracy = z.object({
  provider: z.string(),
  inputs: z.array(z.string()).describe('Each set of inputs in words: its source and shapes.'),
  outputs: z.array(outputAccuracy).describe('The worst over all sets of inputs.'),
  failures: z.array(z.string()).describe('Why the result is wrong whatever the gate: it does not run, for one.'),
  notCompared: z
    .array(z.object({ name: z.string(), reason: z.string() }))
    .describe('Outputs that were not compared; an empty name: none was.'),
  notes: z.array(z.string()),
  warnings: z
    .array(z.string())
    .optional()
    .describe('The inputs for which the gate does not hold, and what made-up inputs say beside given ones.'),
  forms: z
    .array(z.enum(['plain', 'optimized', 'emulated']))
    .optional()
    .describe(
      "What was compared: plain, the runtime's optimizations off; optimized, with them; emulated, every 16-bit value really rounded and integer sums exact.",
    ),
  runtimeOwn: z
    .array(outputAccuracy)
    .optional()
    .describe("What the runtime's own optimizations do to the original's outputs, without any pass."),
  branches: z
    .object({
      ran: count.describe('Branches of Ifs that ran in some set of inputs.'),
      total: count.describe('Of those that inputs decide.'),
      never: z.array(z.string()),
      unknown: count.describe('Ifs in the bodies of loops and in functions.'),
    })
    .optional()
    .describe('Absent where the original has no If.'),
  rows: z
    .array(
      z.object({
        row: z
          .enum(['outlier', 'inf', 'NaN'])
          .describe('What one row of the batch holds; outlier: a million times larger.'),
        change: measure.describe('‖change‖ / ‖other rows‖; null where other rows become NaN or infinite.'),
        becomesFinite: z.boolean().describe('The row itself was NaN or infinite, and is finite now.'),
      }),
    )
    .optional()
    .describe(
      'What one odd row does that it did not before the passes. Absent where rows were not independent, or were not tried.',
    ),
  verdict: verdict.optional(),
  gate: z
    .object({
      maxError: measure,
      minCosine: measure,
      maxRel: measure,
      minEqual: measure,
      minTop1: measure,
      minMeaning: z.record(z.string(), measure).optional().describe('The limits of other meanings, by kind.'),
      isGiven: z.boolean().optional().describe('True: a limit was asked for, and nothing widens it.'),
    })
    .describe('The limits of relativeL2, cosine, maxRel, equal and top1; null is no limit.'),
  fidelity: fidelity.describe('The gate applied: wider than that of the passes where the original is coarse itself.'),
});
