/**
 * The report: what happened, in JSON. Its schema is the contract: within one version fields are added, never changed.
 * Times are milliseconds, sizes bytes. A number that JSON cannot hold (an infinite ratio) is null.
 */
import { z } from 'zod';
import { architectures, targets } from '../ir/targets/targets.js';
import { jsonText } from '../ir/text/shown-text.js';
import { verifyLevels } from './verify/verifier.js';

export const REPORT_VERSION = 1;

const count = z.number().int().nonnegative();
const measure = z.number().nullable();
const counts = z.record(z.string(), z.number().int());
const fidelity = z.enum(['exact', 'rounding', 'lossy']);
const failed = z
  .enum(['checker', 'original'])
  .describe('Why nothing was compared: the process that runs models was killed twice; the original does not run.');
const beforeAfter = z.object({ before: count, after: count });

const verdict = z.object({
  outcome: z
    .enum(['accepted', 'rejected', 'unknown'])
    .describe('unknown: what it is compared with does not run either.'),
  detail: z.string().describe('What was measured against which limit, or what the runtime said.'),
  error: measure
    .optional()
    .describe('Relative L2 of the output that is furthest off; null: infinite. Absent where nothing was compared.'),
  warnings: z.array(z.string()).optional().describe('For which inputs it does not hold.'),
  failed: failed.optional(),
});

const raced = z.object({
  ratio: z.number().describe('Time without over time with it: above 1 is faster.'),
  interval: z.object({ low: z.number(), high: z.number() }).describe('Of the ratio, 99 % confidence.'),
  significant: z.boolean().describe('False: the difference is inside the noise.'),
  runs: count.describe('Of each side.'),
  sample: z.array(z.number()).optional().describe('The ratio of each pair of neighbours, in order.'),
  inputs: z.string().describe('What was run, in words.'),
  cached: z.string().optional().describe('When it was measured, where a cache kept it: ISO 8601, UTC.'),
});

const passReport = z.object({
  name: z.string(),
  options: z.unknown().describe('As the pass took them, defaults filled in.'),
  fidelity,
  status: z
    .enum(['applied', 'unchanged', 'rolled back'])
    .describe('rolled back: it broke its accuracy gate, and the model is as it was before.'),
  ops: counts.describe('Difference of the number of nodes, by op.'),
  nodes: beforeAfter,
  bytes: beforeAfter.describe('Of constants.'),
  notes: z.array(z.object({ text: z.string(), at: z.string().optional() })),
  skips: z
    .array(z.object({ reason: z.string(), count, places: z.array(z.string()) }))
    .describe('What was left as it is, grouped by reason, the most frequent first.'),
  sites: z
    .array(
      z.object({
        kind: z.string().describe('attention, GELU, layer norm …'),
        at: z.string().describe('The node that makes it a site.'),
        fused: z.boolean(),
        rule: z.string().optional().describe('The rule that holds, or came furthest.'),
        reason: z.string().optional().describe('Where it is not fused: what was expected, and what was found.'),
        reached: z.string().optional().describe('Where it is not fused: the node or value at which the match ended.'),
        matched: count.optional().describe('Where it is not fused: how many nodes had matched.'),
        help: z.string().optional().describe('What would make it match.'),
      }),
    )
    .optional()
    .describe('Every place of the kind that the pass is for. Absent for a pass that is for no kind of place.'),
  verdict: verdict.optional(),
  error: measure
    .optional()
    .describe(
      'What the pass cost: relative L2 of the output that is furthest off, against the model before it. Absent where that was not run; null: infinite.',
    ),
  takenBack: z
    .object({
      places: z.array(z.string()),
      of: count.describe('How many places it would have edited.'),
      error: z
        .object({ before: measure.optional(), after: measure.optional() })
        .describe('Relative L2 with and without.'),
    })
    .optional()
    .describe('Places where the pass broke its gate: they are as they were, and the rest holds.'),
  rewrites: z
    .object({
      count: count.describe('How many rewrites the pass made.'),
      distinct: count.describe('Different ones: each was cut out of the model and run beside what it replaces.'),
      refuted: z
        .array(z.object({ rule: z.string(), detail: z.string() }))
        .describe('They gave other numbers or did not run, and were not made.'),
      notCompared: z.array(z.object({ reason: z.string(), count })),
    })
    .optional()
    .describe('Absent where the pass tried no rewrite, or nothing was to be run.'),
  tuning: z
    .array(
      z.object({
        block: z.string().describe('What repeats; "model" where nothing does.'),
        instances: count.describe('One of them was measured.'),
        nodes: count.describe('Of one instance.'),
        variant: z.string().describe('The pass, with the options that were not asked for.'),
        kept: z.boolean().describe('False: it was not made in any of the instances.'),
        speed: raced.optional(),
        reason: z.string().optional().describe('Why there is no speed.'),
      }),
    )
    .optional()
    .describe('Every variant on every repeated block where it does something. Absent where the pass was not tuned.'),
  tuneMs: z.number().optional().describe('What that took.'),
  ms: z.number(),
  verifyMs: z.number().optional(),
});

const modelReport = z.object({
  nodes: count,
  ops: counts.describe('Nodes by op, over every scope.'),
  bytes: count.describe('Of constants.'),
  bytesByType: counts,
  opsets: counts,
  functions: count,
});

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

const products = z.record(z.string(), z.number()).describe('Multiply-adds by element type, the most first.');

const coverage = z.object({
  computed: z
    .object({ before: products, after: products })
    .describe('What products, convolutions, recurrence and attention are computed in. Bytes by type: model.'),
  notCounted: counts.describe('Nodes that multiply, of the result, and of which it is not known how often, by op.'),
  sizes: z.record(z.string(), z.array(count)).describe('The shapes of inputs at which that is counted.'),
  left: z
    .array(
      z.object({
        reason: z.string(),
        type: z.string(),
        bytes: count,
        weights: z.array(z.object({ name: z.string(), bytes: count })).describe('The most bytes first.'),
      }),
    )
    .describe('Every weight that is wider than the passes could have stored it, grouped by reason and type.'),
});

const interval = z.object({ low: z.number(), high: z.number() });
const clock = z.object({
  ratio: z.number(),
  interval,
  significant: z.boolean(),
  pairs: count.describe('Pairs of blocks of runs that the ratio and its interval come from.'),
  times: z.object({ original: z.number(), result: z.number() }).describe('Typical, of the least disturbed runs.'),
});
const timing = z.object({ median: z.number(), low: z.number(), high: z.number(), runs: count });

const speed = z.object({
  provider: z.string(),
  ratio: z.number().describe("The original's time over the result's, by the clock that decides: above 1 is faster."),
  interval: interval.describe('Of the ratio, 99 % confidence; 99.8 % of fewer than eight pairs.'),
  significant: z.boolean().describe('False: the difference is inside the noise.'),
  decidedBy: z.enum(['cpu', 'wall']).optional().describe('Which of the two clocks below decides.'),
  cpu: clock
    .extend({ threads: z.enum(['one', 'all']).describe('all: one run takes a second or more.') })
    .optional()
    .describe('CPU time, which other work on the machine hardly moves. Absent on a GPU.'),
  wall: clock.optional().describe("Time by the clock on the wall, with the runtime's own threads."),
  inputs: z.string().describe('What was run, in words.'),
  run: z.object({ original: timing, result: timing }).describe('By the clock on the wall.'),
  create: z.object({ original: z.number(), result: z.number() }),
  first: z.object({ original: z.number(), result: z.number() }),
});

const sizes = z.record(z.string(), count);
const ranges = z.object({
  dims: z
    .record(z.string(), z.object({ min: count, max: count, step: count }))
    .describe('By the name of the dim: from min to max, in steps from min on.'),
  sizes: z
    .array(
      z.object({
        at: z.enum(['min', 'between', 'max']),
        dims: sizes,
        relativeL2: measure.describe('The worst of all outputs, in every form of arithmetic.'),
        cosine: measure,
        speed: speed.optional(),
      }),
    )
    .describe('The sizes at which original and result were compared and timed; none where they were not.'),
});

const gate = z.object({
  name: z
    .enum(['accuracy', 'speed', 'placement', 'require', 'proof', 'size', 'aot'])
    .describe(
      'aot: what the runtime saves does not load or gives other numbers; require: a pass that must be applied is not; proof: nothing could be compared, and passes change numbers, or the check broke down.',
    ),
  passed: z.boolean(),
  detail: z.string().describe('What was measured against which limit.'),
});

/** The schema of the report. */
export const reportSchema = z.object({
  version: z.literal(REPORT_VERSION),
  created: z.string().describe('ISO 8601, UTC.'),
  command: z.string().optional().describe('As it can be typed again.'),
  input: z.string().optional(),
  inputBytes: count.optional().describe('Of the files that the input was read from.'),
  output: z
    .object({ files: z.array(z.string()), bytes: count })
    .optional()
    .describe('Absent where nothing was written.'),
  target: z.enum(targets),
  architecture: z.enum(architectures).optional().describe('The generation of devices that the result is meant for.'),
  seed: z.number().int(),
  verification: z.object({ level: z.enum(verifyLevels), verdict: verdict.optional() }),
  fidelity: fidelity.describe('The widest gate of the passes that were applied.'),
  outcome: z
    .object({
      asked: z.array(z.string()),
      done: z.array(z.string()),
      takenBack: z.array(z.object({ pass: z.string(), reason: z.string() })),
    })
    .optional()
    .describe('Passes by name: those asked for, those in the result, and those that broke their gate and are not.'),
  cpus: z
    .object({ exact: z.boolean().describe('True: on every x64 and ARM CPU.'), text: z.string() })
    .optional()
    .describe(
      'On which CPUs the numbers hold. Absent where the target is none, and where nothing is added up in 8 bits.',
    ),
  warnings: z
    .array(z.object({ text: z.string(), at: z.string().optional() }))
    .optional()
    .describe(
      'Inputs that an operator of the file cannot take; types that the file declares and its nodes refute: what both say. ' +
        'What the nodes give is used.',
    ),
  repeats: z
    .array(
      z.object({
        block: z.string(),
        count: count.describe('Repeats in a row.'),
        nodes: count.describe('Of one repeat.'),
        once: count.describe('How many of them one was compiled for.'),
        reason: z
          .string()
          .optional()
          .describe('Why others were compiled each by itself, or all of them from one pass on.'),
      }),
    )
    .optional()
    .describe('Repeated blocks that were looked at to be compiled once. Absent where none was.'),
  passes: z.array(passReport),
  model: z.object({ before: modelReport, after: modelReport }),
  coverage: coverage
    .optional()
    .describe(
      'In which types the result is stored and computed, and what stays float. Absent where every pass is exact.',
    ),
  tuning: z
    .object({
      device: z.string().describe('What was measured on.'),
      cacheFault: z
        .string()
        .optional()
        .describe('Why the cache could not be written: what was measured since is not in it.'),
      whole: z
        .object({ kept: z.boolean(), speed: raced.optional(), reason: z.string().optional() })
        .optional()
        .describe(
          'The result against that without tuning; absent where both are the same. Not kept: it is the latter.',
        ),
      sessions: z
        .array(
          z.object({
            options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
            kept: z.boolean(),
            speed: raced.optional(),
            reason: z.string().optional(),
          }),
        )
        .describe("Options of sessions against the runtime's own, by the clock; kept: to be given to onnxruntime."),
    })
    .optional()
    .describe('What tuning says of the result as a whole; of its passes each says it itself.'),
  ranges: ranges.optional().describe('What the model may be run at. Absent where no dim of an input has a range.'),
  accuracy: z
    .object({
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
      fidelity: fidelity.describe(
        'The gate applied: wider than that of the passes where the original is coarse itself.',
      ),
    })
    .optional(),
  rollout: z
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
    .describe('Steps of original and result on their own outputs. Absent where no output feeds an input.'),
  speed: speed.describe('Where dims have ranges, at the size with the least gain.').optional(),
  notTimed: z
    .string()
    .optional()
    .describe('Why there is no speed although times were not declined: both are the same bytes, a software device.'),
  cuts: z
    .array(z.string())
    .optional()
    .describe('What was left out of the proof for lack of time, each in words. Absent where nothing was.'),
  placement: z
    .object({
      provider: z.string(),
      source: z
        .enum(['partition', 'tables'])
        .optional()
        .describe(
          'Absent where the nodes ran; partition: the provider took them and computes nothing right; tables: what the kernel tables say of a provider that is not here.',
        ),
      nodes: counts.describe('Nodes by the provider that ran them, as the runtime calls it.'),
      fallbacks: counts.describe('Nodes that another provider ran, by op; shape arithmetic is not counted here.'),
      unplaced: counts
        .optional()
        .describe(
          'Those of them that neither the provider nor the CPU is known to have a kernel for; by tables alone.',
        ),
      names: z.array(z.string()).describe('The same nodes as the fallbacks, by name.'),
      shapeArithmetic: count.describe('Nodes on the CPU that compute shapes, indices and conditions.'),
      copies: count.describe('Copies between the providers that one run makes.'),
      copiedBytes: count.optional().describe('Bytes of the copies whose sizes are known; by tables alone.'),
      states: z
        .partialRecord(z.enum(['runs', 'runs in part', 'falls back', 'unknown']), count)
        .optional()
        .describe('Nodes by state, shape arithmetic aside; by tables alone.'),
      causes: z
        .array(
          z.object({
            count,
            text: z.string(),
            cure: z.string().optional().describe('Flags of the command that end it, by a trial on the result.'),
          }),
        )
        .optional()
        .describe('Why nodes do not run on the target, or not for sure, by the kernel tables.'),
    })
    .optional(),
  aot: z
    .object({
      provider: z.string(),
      path: z.string().optional().describe('Absent where nothing was written.'),
      bytes: count.optional(),
      ops: z
        .record(z.string(), z.number())
        .describe('Op → how many more or fewer nodes there are of it than in the result.'),
      nodes: z.object({ before: count, after: count }),
      detail: z.string().describe('The comparison with the result, in words.'),
      create: z
        .object({
          ratio: z.number(),
          interval,
          significant: z.boolean(),
          decidedBy: z.enum(['cpu', 'wall']),
          samples: z.object({ original: z.array(z.number()), result: z.array(z.number()) }),
        })
        .describe(
          'Milliseconds of creating a session of the result, and of what was saved, all optimizations on, by CPU time or the clock; of the ratio above 1 is faster.',
        ),
    })
    .optional()
    .describe("What the runtime's own optimizer made of the result, where it was asked for."),
  gates: z.array(gate),
  machine: z.object({ os: z.string(), arch: z.string(), cpu: z.string(), cores: count, memory: count }).optional(),
  versions: z.record(z.string(), z.string()),
  ms: z.number(),
});

/** What happened to a model. */
export type Report = DeepReadonly<z.output<typeof reportSchema>>;
export type PassReport = Report['passes'][number];

/** Data that nobody changes, at any depth. */
export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** The report's JSON schema (draft 2020-12). */
export const reportJsonSchema = (): object => z.toJSONSchema(reportSchema);

/** The report as text: whatever JSON cannot hold becomes null. */
export const reportJson = (report: Report): string => jsonText(report);
