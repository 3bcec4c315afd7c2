/** Products of matrices and tensors. */
import { floorDivide } from '../../ir/dims/dims.js';
import type { Shape } from '../../ir/types.js';
import type { Call, InferRule, PartialDim, PartialShape } from '../call.js';
import { factors, labelled, leastRank, matrices } from '../demands.js';
import { layer, scales } from '../precision.js';
import { alongLast, alongTurned, labels } from '../products.js';
import type { Rows } from '../row.js';
import { broadcastDim, broadcastShapes, unknownDims } from '../shapes.js';
import { einsumWeights, gemmWeights, matMulWeights } from '../weights.js';

/** numpy's matmul: the last two axes multiply, the others broadcast; a vector has no row or no column. */
export function matMulShape(a: Shape | undefined, b: Shape | undefined): PartialShape | undefined {
  if (!a || !b || a.length === 0 || b.length === 0) return undefined;
  const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2)) ?? [];
  const rows = a.length > 1 ? [a.at(-2)] : [];
  const columns = b.length > 1 ? [b.at(-1)] : [];
  return [...batch, ...rows, ...columns];
}

/** The product of inputs 0 and `second`. */
export const matMul =
  (second = 1): InferRule =>
  (call) =>
    call.set(0, matMulShape(call.shape(0), call.shape(second)));

export const gemm: InferRule = (call) => {
  const [a, b] = [call.shape(0), call.shape(1)];
  call.set(0, [a?.[call.int('transA', 0) ? 1 : 0], b?.[call.int('transB', 0) ? 0 : 1]]);
};

const einsum: InferRule = (call) => {
  const shapes = Array.from({ length: call.inputCount }, (_, index) => call.shape(index));
  call.set(0, einsumShape(call.string('equation') ?? '', shapes));
};

function einsumShape(equation: string, shapes: readonly (Shape | undefined)[]): PartialShape | undefined {
  const [left = '', right] = equation.replaceAll(' ', '').split('->');
  const terms = left.split(',');
  const sizes = new Map<string, PartialDim>();
  let ellipsis: PartialShape = [];
  for (const [index, term] of terms.entries()) {
    const shape = shapes[index];
    const letters = term.replace('...', '');
    const hasEllipsis = term.includes('...');
    if (!shape && hasEllipsis) return undefined;
    const extra = shape && hasEllipsis ? shape.length - letters.length : 0;
    const start = term.indexOf('...');
    let axis = 0;
    for (let i = 0; i < letters.length; i++) {
      if (hasEllipsis && i === start) axis += extra;
      const letter = letters[i] as string;
      const dim = shape?.[axis++];
      // The runtime lets a label broadcast.
      sizes.set(letter, sizes.has(letter) ? broadcastDim(sizes.get(letter), dim) : dim);
    }
    if (hasEllipsis && shape) ellipsis = broadcastShapes(ellipsis, shape.slice(start, start + extra)) ?? [];
  }
  const result = right ?? implicit(left);
  return result.split(/(\.\.\.)|/).flatMap((part) => (part === '...' ? ellipsis : part ? [sizes.get(part)] : []));
}

/** Without an arrow: the labels that stand once, in alphabetical order, behind the ellipsis. */
function implicit(left: string): string {
  const letters = [...left.replaceAll(/[.,]/g, '')];
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort();
  return (left.includes('...') ? '...' : '') + once.join('');
}

/** onnxruntime's MatMul with transposes, of the batch axes too. */
export const fusedMatMul: InferRule = (call) => {
  const a = transposed(call, 0, 'transA', 'transBatchA');
  const b = transposed(call, 1, 'transB', 'transBatchB');
  call.set(0, matMulShape(a, b));
};

function transposed(call: Call, index: number, trans: string, transBatch: string): Shape | undefined {
  let shape = call.shape(index);
  if (!shape || shape.length < 2) return shape;
  // The batch form stores [rows, batch…, columns].
  if (call.int(transBatch, 0)) shape = [...shape.slice(1, -1), shape[0] as never, shape.at(-1) as never];
  if (!call.int(trans, 0)) return shape;
  return [...shape.slice(0, -2), shape.at(-1) as never, shape.at(-2) as never];
}

const det: InferRule = (call) => call.set(0, call.shape(0)?.slice(0, -2));

const col2Im: InferRule = (call) => {
  const shape = call.shape(0);
  const image = call.contents(1) ?? unknownDims(call.dim(1, 0));
  const block = call.numbers(2);
  if (!shape || !image) return;
  const size = block?.reduce((n, dim) => n * dim, 1);
  const channels = shape[1];
  call.set(0, [shape[0], channels !== undefined && size ? floorDivide(channels, size) : undefined, ...image]);
};

export const matrix: Rows = {
  MatMul: { infer: matMul(), demands: factors(), precision: layer, weights: matMulWeights, products: alongLast },
  MatMulInteger: { infer: matMul(), demands: factors(), products: alongLast },
  QLinearMatMul: { infer: matMul(3), demands: factors(3), precision: scales, products: alongLast },
  Gemm: { infer: gemm, demands: matrices, precision: layer, weights: gemmWeights, products: alongTurned },
  Einsum: { infer: einsum, demands: labelled, precision: layer, weights: einsumWeights, products: labels },
  Det: { infer: det, demands: leastRank(0, 2) },
  Col2Im: { infer: col2Im },
};
