/**
 * Numbers that an original loses in float16: where it gives NaN or infinity, and the same model in float32 does not, a result that gives numbers is held
 * against those of float32. What the model gives in both, such as the −∞ of a mask, is as it was.
 */

import type { Model } from '../../ir/model.js';
import { numbersOf, tensorOf } from '../../ir/tensors/numbers.js';
import { isFloat } from '../../ir/types.js';
import type { Provider, RuntimeProcess, TensorData } from '../../runtime/isolate.js';
import { RuntimeError } from '../../runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../runtime/tensor-data.js';
import { mayBeNarrow, widened } from '../emulate/index.js';
import type { ReferenceRun } from '../reference-runs.js';
import { loadAs } from './forms.js';

/** The runs, with the outputs of float32 for those where the model overflows in 16 bits. */
export async function withFloat32Outputs(
  runs: readonly ReferenceRun[],
  model: Model,
  runtime: RuntimeProcess,
  provider: Provider,
): Promise<readonly ReferenceRun[]> {
  const isLost = ({ outputs }: ReferenceRun): boolean => Object.values(outputs).some(hasLost);
  const wide = mayBeNarrow(model) && runs.some(isLost) ? widened(model) : undefined;
  if (!wide) return runs;
  try {
    const side = await loadAs(wide, runtime, { provider });
    const found: ReferenceRun[] = [];
    for (const run of runs) {
      const inFloat32 = isLost(run) ? await side.run(run.feeds.tensors) : undefined;
      const isWhole = inFloat32 && Object.entries(run.outputs).some(([name, one]) => lostIn(one, inFloat32[name]) > 0);
      found.push(isWhole ? { ...run, inFloat32 } : run);
    }
    await side.release();
    return found;
  } catch (error) {
    // Without them the original is what it is.
    if (!(error instanceof RuntimeError) || error.kind === 'killed') throw error;
    return runs;
  }
}

/** The note of a report on such runs; none where there are none. */
export function lostNote(runs: readonly ReferenceRun[]): string[] {
  const count = runs.filter(({ inFloat32 }) => inFloat32).length;
  const sets = count === 1 ? 'one set of inputs' : `${count} sets of inputs`;
  return count > 0
    ? [
        `on ${sets} the original gives NaN or infinity as it overflows float16: results with numbers there are held against it in float32`,
      ]
    : [];
}

/** What an output of a result is held against. */
export function heldAgainst(original: TensorData, result: TensorData, inFloat32: TensorData | undefined): TensorData {
  if (!inFloat32 || lostIn(original, inFloat32) === 0) return original;
  const [before, found, wide] = [original, result, inFloat32].map((one) => numbersOf(fromTensorData(one)));
  const numbers = (before as Float64Array).map((x, at) =>
    !Number.isFinite(x) && Number.isFinite(found?.[at]) ? (wide?.[at] as number) : x,
  );
  return toTensorData(tensorOf(original.type, numbers, original.shape));
}

const hasLost = (output: TensorData): boolean =>
  isFloat(output.type) && !numbersOf(fromTensorData(output)).every(Number.isFinite);

/** How many numbers float32 has and the original does not. */
function lostIn(original: TensorData, wide: TensorData | undefined): number {
  if (!wide || !isFloat(original.type) || wide.type !== original.type || `${wide.shape}` !== `${original.shape}`)
    return 0;
  const [before, after] = [numbersOf(fromTensorData(original)), numbersOf(fromTensorData(wide))];
  return before.reduce((count, x, at) => count + Number(!Number.isFinite(x) && Number.isFinite(after[at])), 0);
}
