/**
 * activation × weight  ⟶  GemmFloat8(e4m3(activation / a), e4m3(weight / w)) with the scales a and w, one for each tensor: the largest number becomes 448,
 * the largest of e4m3. The scale of an activation is computed as it comes; products that read it share its bytes.
 */
import { GraphBuilder } from '../../src/ir/build.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { derive, largestOf } from '../../src/ir/tensors/bank.js';
import { castTensor, numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import { type DataType, dataTypes, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { PassContext } from '../../src/run/pass.js';
import { type Product, upright, type Weight, weightCount } from './product.js';

const E4M3 = 'float8e4m3fn';
const LARGEST = 448;
/** cuBLAS multiplies 8-bit floats whose rows are as long as a multiple of this. */
const MULTIPLE = 16;

/** The reason that a product stays as it is; undefined where it can be computed so. */
export function float8Obstacle(
  { weight, activation, elem, alpha, node }: Product,
  { minElements, maxWeightError }: { readonly minElements: number; readonly maxWeightError: number },
  { hasKernel, target }: PassContext,
): string | undefined {
  const { K, N } = weight;
  if (weightCount(weight) < minElements) return `smaller than ${minElements} elements`;
  if (K % MULTIPLE !== 0 || N % MULTIPLE !== 0) return `the kernel takes rows and columns of a multiple of ${MULTIPLE}`;
  if (activation.elem !== elem) return `its activation is ${activation.elem}`;
  if ((activation.shape?.length ?? 0) < 2) return 'the rank of its activation is not known, or it is a vector';
  if (!(alpha > 0)) return `its factor is ${alpha}`;
  const opset = node.opset ?? 1;
  const missing = ['Abs', 'Div', 'Cast', 'Reshape'].find((opType) => !hasKernel(opType, '', opset, elem));
  if (missing) return `${missing} has no ${elem} kernel on ${target}`;
  const error = largestOf(weight.tensor, errorOf);
  return error > maxWeightError ? `rounding its weight changes it by ${(100 * error).toFixed(1)} %` : undefined;
}

const scaleOf = (numbers: Float64Array): number => {
  let largest = 0;
  for (const number of numbers) largest = Math.max(largest, Math.abs(number));
  return largest > 0 ? Math.fround(largest / LARGEST) : 1;
};

const rounded = (numbers: Float64Array, scale: number, shape: readonly number[]) =>
  castTensor(
    tensorOf(
      'float32',
      numbers.map((number) => number / scale),
      shape,
    ),
    E4M3,
  );

/** The relative error (L2) of a weight that is rounded. */
function errorOf(tensor: Parameters<typeof numbersOf>[0]): number {
  const numbers = numbersOf(tensor);
  const scale = scaleOf(numbers);
  const found = numbersOf(rounded(numbers, scale, tensor.shape));
  let [difference, whole] = [0, 0];
  for (const [i, number] of numbers.entries()) {
    difference += ((found[i] as number) * scale - number) ** 2;
    whole += number * number;
  }
  return whole > 0 ? Math.sqrt(difference / whole) : 0;
}

interface Scaled {
  readonly bytes: Value;
  /** [1], float32. */
  readonly scale: Value;
}

export class Float8Products {
  /** By graph: a branch cannot read what another computes. */
  readonly #activations = new Map<Graph, Map<Value, Scaled>>();
  readonly #weights = new Map<Value, Map<string, Scaled>>();

  /** The product in the type of its node, alpha included and the bias not. */
  put(product: Product, context: PassContext): Value {
    const { node, weight, elem, alpha } = product;
    const build = new GraphBuilder(node.graph);
    const x = upright(product);
    const inGraph = this.#activations.get(node.graph) ?? new Map<Value, Scaled>();
    this.#activations.set(node.graph, inGraph);
    const known = inGraph.get(x) ?? activationOf(build, x, weight.K, node, context);
    inGraph.set(x, known);
    const { bytes, scale } = this.#weightOf(weight, alpha);
    const rows = known.bytes.shape?.[0];
    const flat = build.op(
      'GemmFloat8',
      [known.bytes, bytes, undefined, known.scale, scale],
      { transB: 1, dtype: dataTypes[elem].code },
      {
        domain: 'com.microsoft',
        name: node.name,
        type: tensorType(elem, rows === undefined ? undefined : [rows, weight.N]),
      },
    );
    if (x.shape?.length === 2) return flat;
    const lead = build.op('Shape', [x], { end: -1 });
    return build.op(
      'Reshape',
      [flat, build.op('Concat', [lead, build.ints(weight.N)], { axis: 0 })],
      {},
      { type: node.output.type },
    );
  }

  /** [N, K], in the scope of the weight, once for all products that read it the same way. */
  #weightOf({ stored, tensor, isTransposed, K, N }: Weight, alpha: number): Scaled {
    const own = this.#weights.get(stored) ?? new Map<string, Scaled>();
    this.#weights.set(stored, own);
    const key = `${isTransposed} ${alpha}`;
    const turn = (numbers: Float64Array): Float64Array =>
      isTransposed ? numbers : numbers.map((_, i) => numbers[(i % K) * N + Math.floor(i / K)] as number);
    const found = own.get(key) ?? {
      bytes: stored.graph.constant(
        derive([tensor], E4M3, [N, K], (one) => {
          const numbers = numbersOf(one);
          return rounded(turn(numbers), scaleOf(numbers), [N, K]).chunks();
        }),
        `${stored.name}_e4m3`,
      ),
      scale: stored.graph.constant(
        derive([tensor], 'float32', [1], (one) => tensorOf('float32', [scaleOf(numbersOf(one)) * alpha], [1]).chunks()),
        `${stored.name}_scale`,
      ),
    };
    own.set(key, found);
    return found;
  }
}

/** The least of the largest numbers: the scale of a smaller activation would have too few digits in its type, or be 0. */
const LEAST: Readonly<Partial<Record<DataType, number>>> = { float16: 2 ** -5 };

/** The activation as rows of K bytes, and the scale that it was divided by, as rounded to its type. */
function activationOf(build: GraphBuilder, x: Value, K: number, node: Node, { hasKernel }: PassContext): Scaled {
  const elem = x.elem as DataType;
  const dims = x.shape?.slice(0, -1) ?? [];
  const rows = dims.every((dim) => typeof dim === 'number') ? dims.reduce((all, dim) => all * dim, 1) : undefined;
  const flat = x.shape?.length === 2 ? x : build.op('Reshape', [x, build.ints(-1, K)]);
  flat.type ??= tensorType(elem, rows === undefined ? undefined : [rows, K]);
  const sizes = build.op('Abs', [flat], {}, { type: flat.type });
  const reduces = hasKernel('ReduceMax', '', node.opset ?? 1, elem);
  const largest = build.op('ReduceMax', [reduces ? sizes : build.cast(sizes, 'float32')], { keepdims: 0 });
  largest.type = tensorType(reduces ? elem : 'float32', []);
  const wide = build.op('Max', [build.cast(largest, 'float32'), build.constant('float32', LEAST[elem] ?? 2 ** -100)]);
  wide.type = tensorType('float32', []);
  const ratio = build.op('Div', [wide, build.constant('float32', LARGEST)], {}, { type: wide.type });
  const own = build.cast(ratio, elem);
  own.type = tensorType(elem, []);
  const divided = build.op('Div', [flat, own], {}, { type: flat.type });
  // CUDA refuses the cast of bfloat16, whether it saturates or not. float16 holds every quotient that 8 bits tell from 0.
  const narrow = elem === 'bfloat16' ? build.cast(divided, 'float16') : divided;
  const bytes = build.op('Cast', [narrow], { to: dataTypes[E4M3].code, saturate: 1 });
  bytes.type = tensorType(E4M3, flat.shape);
  return {
    bytes,
    scale: build.op('Reshape', [build.cast(own, 'float32'), build.ints(1)], {}, { type: tensorType('float32', [1]) }),
  };
}
