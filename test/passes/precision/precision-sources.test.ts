/** Every precision pass on models published in float16, bfloat16 and float64: the result loads and gives what the float32 original does. */
import { describe, expect, it } from 'vitest';
import { encoder } from '../../../fixtures/encoder.js';
import type { Model } from '../../../src/ir/model.js';
import type { Target } from '../../../src/ir/targets/targets.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { summarize } from '../../../src/ir/whole-model/summary.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { hasKernel } from '../../../src/runtime/kernels.js';
import { fromTensorData, toTensorData } from '../../../src/runtime/tensor-data.js';
import { emulated } from '../../../src/validate/emulate/index.js';
import { randomFeeds } from '../../check-pass.js';
import { type Published, published } from '../../published.js';
import { runModel, type Tensors } from '../../run-model.js';

const size = { layers: 1, hidden: 64, heads: 4, intermediate: 128, vocabulary: 64, positions: 16 };
const original = encoder({ ...size, seed: 4 });
const feeds = randomFeeds(original, { batch: 2, sequence: 8 });
const expected = runOriginal();

async function runOriginal(): Promise<Tensors> {
  return runModel(await writeModel(original), feeds);
}

/** ‖b − a‖ / ‖a‖. */
function distance(a: Tensor, b: Tensor): number {
  const [x, y] = [numbersOf(a), numbersOf(b)];
  const norm = (numbers: Float64Array) => Math.sqrt(numbers.reduce((sum, number) => sum + number ** 2, 0));
  return norm(x.map((number, i) => number - (y[i] as number))) / norm(x);
}

/** Runs a result on the CPU, with the arithmetic of its target. */
async function outputsOf(model: Model): Promise<Tensors> {
  const emulation = emulated(model);
  if (!emulation) return runModel(await writeModel(model), feeds);
  const given = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toTensorData(tensor)]));
  const takes = Object.entries(emulation.takes(given)).map(([name, data]) => [name, fromTensorData(data)]);
  return runModel(await writeModel(emulation.model), Object.fromEntries(takes));
}

/** Rounding of the source to its type; arithmetic in 16 bits; weights of 8 and of 4 bits. */
const [FLOAT16, BFLOAT16, BYTES, BLOCKS] = [4e-3, 3e-2, 0.1, 0.3];

const limitOf = (pass: string, type: Published, target: Target): number => {
  if (pass === 'int4') return BLOCKS;
  if (pass === 'int8' || pass === 'quarter') return BYTES;
  const isCoarse = type === 'bfloat16' || pass === 'bf16' || pass === 'half';
  return isCoarse || (pass === 'bf16' && target === 'cuda') ? BFLOAT16 : FLOAT16;
};

const types = ['float16', 'bfloat16', 'float64'] as const;
const passes = ['fp32', 'fp16', 'bf16', 'int8', 'int4', 'exact', 'half', 'quarter'];

describe.each(types)('published in %s', (type) => {
  const source = published(original, type);
  const { bytesByType } = summarize(source);
  const stored = Object.values(bytesByType).reduce((sum, bytes) => sum + bytes, 0);

  describe.each(['cpu', 'webgpu', 'cuda'] as const)('for %s', (target) => {
    // fp32 and the search of int4 are the same everywhere; exact leaves float64 where the target has kernels for it, and this machine may not.
    const own = passes.filter((pass) =>
      pass === 'fp32' || pass === 'int4' ? target === 'cpu' : pass !== 'exact' || type !== 'float64',
    );
    it.each(own)('%s', async (pass) => {
      const { model, report } = await optimize(source, pass, { target, verify: 'none' });
      expect(report.passes.map(({ status }) => status)).not.toContain('rolled-back');
      const lacking = [...model.graphs()].flatMap((graph) => [...graph.nodeSet].filter((node) => lacks(node, target)));
      expect(lacking.map(({ label }) => label)).toEqual([]);
      const outputs = await outputsOf(model);
      for (const [name, tensor] of Object.entries(await expected))
        expect(distance(tensor, outputs[name] as Tensor), name).toBeLessThan(limitOf(pass, type, target));
      // A twentieth for scales and the vectors that become float32.
      const factor = pass === 'fp32' && type !== 'float64' ? 2 : 1;
      expect(report.model.after.bytes).toBeLessThanOrEqual(1.05 * factor * stored);
    });
  });
});

/** True for a node in bfloat16 that would not load: without a kernel on the target, nor on the CPU, which takes what the target lacks. */
const lacks = (node: Model['graph']['end'], target: Target): boolean =>
  !node.is('Cast') &&
  node.outputs.some((value) => value?.elem === 'bfloat16') &&
  ![target, 'cpu' as const].some((one) => hasKernel(one, node.opType, node.domain, node.opset ?? 1, 'bfloat16'));
