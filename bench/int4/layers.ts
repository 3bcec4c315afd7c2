/** The error of each product whose weight is in 4 bits, on the activations that the model has in float32: ‖X(W − Q)‖ / ‖XW‖. */
import { type Product, productOf } from '../../passes/precision/product.js';
import { inferTypes } from '../../src/infer/index.js';
import type { Model } from '../../src/ir/model.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import type { Value } from '../../src/ir/value.js';
import { measureActivations } from '../../src/validate/activations/measure.js';

interface Layer {
  readonly name: string;
  readonly weight: string;
  readonly K: number;
  readonly N: number;
  /** Columns of the weight, one after another. */
  readonly columns: Float32Array;
  readonly gram: Float32Array;
}

/** The most numbers that are summed in a product that is measured. */
const MOST = 2048;

/** The products of a model with a constant weight, and XᵀX of their activations on sets of inputs. */
export async function layersOf(model: Model, inputs: string): Promise<Layer[]> {
  inferTypes(model);
  const products = model.graph.nodes().flatMap((node): Product[] => {
    const product = productOf(node);
    return typeof product === 'object' && product.weight.K <= MOST ? [product] : [];
  });
  const requests = products.map(({ activation }) => ({ value: activation, gram: true }));
  const measured = await measureActivations(model, requests, inputs);
  if (typeof measured === 'string') throw new Error(measured);
  return products.flatMap(({ node, activation, weight }) => {
    const gram = measured.get(activation as Value)?.gram;
    if (!gram) return [];
    const { stored, tensor, K, N, isTransposed } = weight;
    const numbers = numbersOf(tensor);
    const columns = Float32Array.from({ length: K * N }, (_, at) =>
      Number(numbers[isTransposed ? at : (at % K) * N + Math.floor(at / K)]),
    );
    return [{ name: node.name, weight: stored.name, K, N, columns, gram }];
  });
}

/** The errors of layers whose weight a model holds in 4 or 8 bits by blocks; undefined of others. */
export function layerErrors(layers: readonly Layer[], model: Model): (number | undefined)[] {
  const constants = new Map([...model.graph.constants].map((value) => [value.name, value]));
  const readers = new Map(
    model.graph
      .nodes()
      .flatMap((node) => (node.opType === 'MatMulNBits' ? [[node.inputs[1] as Value, node] as const] : [])),
  );
  return layers.map((layer) => {
    const codes = constants.get(`${layer.weight}_4bit`) ?? constants.get(`${layer.weight}_8bit`);
    const node = codes && readers.get(codes);
    if (!node) return undefined;
    const { K, N } = layer;
    const [bits, block] = [node.int('bits', 4), node.int('block_size', 32)];
    const [bytes, zeros] = [node.inputs[1], node.inputs[3]].map((value) => value?.tensor?.bytes());
    const scaleNumbers = numbersOf(node.inputs[2]?.tensor as never);
    const blocks = Math.ceil(K / block);
    const stride = Math.ceil((blocks * bits) / 8);
    const at = (from: Uint8Array, base: number, index: number) =>
      bits === 8 ? (from[base + index] as number) : ((from[base + (index >> 1)] as number) >> (4 * (index & 1))) & 15;
    let [error, total] = [0, 0];
    const difference = new Float64Array(K);
    for (let n = 0; n < N; n++) {
      for (let k = 0; k < K; k++) {
        const own = Math.floor(k / block);
        const zero = zeros ? at(zeros, n * stride, own) : 1 << (bits - 1);
        const code = at(bytes as Uint8Array, (n * blocks * block * bits) / 8, k);
        difference[k] = (layer.columns[n * K + k] as number) - (code - zero) * Number(scaleNumbers[n * blocks + own]);
      }
      error += energy(layer, difference);
      total += energy(layer, layer.columns.subarray(n * K, n * K + K));
    }
    return Math.sqrt(error / total);
  });
}

/** vᵀ XᵀX v. */
function energy({ K, gram }: Layer, v: Float32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < K; i++) {
    let row = 0;
    for (let j = 0, at = i * K; j < K; j++, at++) row += (gram[at] as number) * (v[j] as number);
    sum += row * (v[i] as number);
  }
  return sum;
}
