/** Tells whether this CPU's 8-bit sums saturate, by running one node. */
import { buildModel } from '../ir/build.js';
import { HOST } from '../ir/targets/targets.js';
import { numbersOf, tensorOf } from '../ir/tensors/numbers.js';
import { writeModel } from '../onnx/write.js';
import { sharedRuntime } from './evaluate.js';
import { fromTensorData, toTensorData } from './tensor-data.js';

const K = 128;
const [LARGEST_U8, LARGEST_S8] = [255, 127];

/** 255 · 127, 128 times: two such products leave 16 bits. Several columns and rows, as small products have kernels of their own. */
const probeModel = () =>
  buildModel({ '': 17 }, (g) => {
    const weight = g.constant('int8', new Array(K * 16).fill(LARGEST_S8), [K, 16]);
    g.output('y', g.op('MatMulInteger', [g.input('x', 'uint8', [4, K]), weight]), 'int32', [4, 16]);
  });

let known: boolean | undefined;

/**
 * True where onnxruntime's CPU provider adds products of u8 × s8 in 16 bits that saturate, as on x64 without VNNI or
 * AMX. Probed once, in the shared child process. Rejects with RuntimeError where that cannot run a model.
 */
export async function saturates(): Promise<boolean> {
  // Callers at the same time probe separately: one may be aborted without the other.
  known ??= await probe();
  return known;
}

async function probe(): Promise<boolean> {
  const runtime = await sharedRuntime();
  const session = await runtime.load(await writeModel(probeModel()), { provider: HOST, threads: 1 });
  try {
    const x = tensorOf('uint8', new Array(4 * K).fill(LARGEST_U8), [4, K]);
    const { outputs } = await session.run({ x: toTensorData(x) });
    return numbersOf(fromTensorData(outputs.y!)).some((sum) => sum !== K * LARGEST_U8 * LARGEST_S8);
  } finally {
    await session.release();
  }
}
