/** The parts of the report about how a job ended. */
import { z } from 'zod';

export const gate = z.object({
  name: z
    .enum(['accuracy', 'speed', 'placement', 'require', 'proof', 'size', 'aot'])
    .describe(
      'aot: what the runtime saves does not load or gives other numbers; require: a pass that must be applied is not; proof: nothing could be compared, and passes change numbers, or the check broke down.',
    ),
  passed: z.boolean(),
  detail: z.string().describe('What was measured against which limit.'),
});

export const outcome = z
  .object({
    asked: z.array(z.string()),
    done: z.array(z.string()),
    takenBack: z.array(z.object({ pass: z.string(), reason: z.string() })),
  })
  .optional()
  .describe('Passes by name: those asked for, those in the result, and those that broke their gate and are not.');

export const cpus = z
  .object({ exact: z.boolean().describe('True: on every x64 and ARM CPU.'), text: z.string() })
  .optional()
  .describe(
    'On which CPUs the numbers hold. Absent where the target is none, and where nothing is added up in 8 bits.',
  );

export const warnings = z
  .array(z.object({ text: z.string(), at: z.string().optional() }))
  .optional()
  .describe(
    'Inputs that an operator of the file cannot take; types that the file declares and its nodes refute: what both say. ' +
      'What the nodes give is used.',
  );
