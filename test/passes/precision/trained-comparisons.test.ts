/** README's command on a recognizer of texts: models are compared once for each pass, as no places are searched that break a gate. */
import { afterAll, expect, it } from 'vitest';
import { passes } from '../../../passes/index.js';
import { closeRuntime } from '../../../src/on-demand.js';
import { readModel } from '../../../src/onnx/read.js';
import { fileBytes } from '../../../src/onnx/write.js';
import { runPipeline } from '../../../src/run/pipeline/pipeline.js';
import type { Verifier } from '../../../src/run/verify/verifier.js';
import { createVerifier } from '../../../src/validate/verifier.js';
import { recognizer } from '../../models.js';

afterAll(closeRuntime);

it('three passes take four comparisons: one of each, and one of all together', async () => {
  // Made-up pictures move the outputs by 0.07 to 0.13 (five seeds); how many a machine has time for differs, and the usual limit is 0.15.
  const checks = createVerifier({ maxError: 0.2, minCosine: 0.98 });
  let count = 0;
  const verifier: Verifier = {
    ...checks,
    compare: (...given) => {
      count++;
      return checks.compare(...given);
    },
  };
  const { passes: results, model } = await runPipeline(
    await readModel(recognizer),
    [passes.fuseAttn(), passes.bf16(), passes.int8()],
    {
      target: 'cpu',
      hasKernel: () => true,
      unfit: () => undefined,
      evaluate: undefined,
      fileBytes,
      verify: 'pass',
      verifier,
    },
  );
  expect(results.map(({ status, takenBack }) => [status, takenBack])).toEqual([
    ['applied', undefined],
    ['applied', undefined],
    ['applied', undefined],
  ]);
  expect(count).toBe(4);
  // README states 2.97 MB; it was 2.98 MB with places left out.
  expect(fileBytes(model)).toBeLessThan(2.98e6);
});
