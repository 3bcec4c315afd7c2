/** Runs recurrent models: each side's state goes back in, beside the same new inputs. */
import type { Tensors } from '../../runtime/isolate.js';
import { type Distance, distanceOf, furthest, type ModelRunner } from './model-runner.js';
import type { StatePlan } from './plan.js';

/** Yields one drift for each requested step. `inputs` of the first hold the initial state. */
export async function* stateSteps(
  original: ModelRunner,
  result: ModelRunner,
  { pairs }: StatePlan,
  inputs: (step: number) => Tensors,
): AsyncGenerator<Distance, void> {
  const states: [Tensors, Tensors] = [{}, {}];
  for (let step = 0; ; step++) {
    const feeds = inputs(step);
    const a = await original({ ...feeds, ...states[0] });
    const b = await result({ ...feeds, ...states[1] });
    yield furthest(pairs.map(({ output }) => distanceOf(output, a[output]!, b[output]!)));
    [a, b].forEach((outputs, side) => {
      states[side] = Object.fromEntries(pairs.map(({ input, output }) => [input, outputs[output]!]));
    });
  }
}
