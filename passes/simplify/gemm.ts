/** Gemm where it takes fewer nodes, MatMul and Add where they do. Sums may be rounded in another order. */
import { divideExactly, equalDims, productOf } from '../../src/ir/dims/dims.js';
import type { Node } from '../../src/ir/node.js';
import { equalShapes } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { byOp, everywhere, replaceBy, soleProducer } from './rules.js';
import { isReadOnce, permIn } from './small.js';

const isFloat = (value: Value | undefined): boolean =>
  value?.elem === 'float32' || value?.elem === 'float64' || value?.elem === 'float16';

/** Add(MatMul(a, b), c) ⟶ Gemm(a, b, c) for matrices; Add(Gemm(a, b), c) ⟶ Gemm(a, b, c). */
function intoGemm(node: Node): void {
  if ((node.opset ?? 0) < 7) return;
  for (const index of [0, 1]) {
    const inner = soleProducer(node.inputs[index], node);
    if (!inner?.is('MatMul') && !inner?.is('Gemm')) continue;
    const bias = node.inputs[1 - index];
    const [a, b, c] = inner?.inputs ?? [];
    if (!bias?.shape || !a || !b || c || !isFloat(a)) continue;
    if (a.shape?.length !== 2 || b.shape?.length !== 2 || bias.shape.length > 2) continue;
    // Gemm broadcasts the bias to the product, never the product to the bias.
    if (!equalShapes(inner.output.shape, node.output.shape)) continue;
    const attributes = { ...Object.fromEntries(inner.attributes), beta: undefined };
    replaceBy(node, 'Gemm', [a, b, bias], attributes, inner);
    return;
  }
}

/** Gemm(Transpose(a), b) ⟶ Gemm(a, b, transA), and so for b. */
function transposedInputs(node: Node): void {
  for (const [index, flag] of [
    [0, 'transA'],
    [1, 'transB'],
  ] as const) {
    const transpose = node.inputs[index]?.producer;
    if (!transpose?.is('Transpose') || transpose.hasReference) continue;
    const perm = permIn(transpose);
    if (perm?.length !== 2 || perm[0] !== 1) continue;
    node.graph.setInput(node, index, transpose.inputs[0]);
    node.graph.setAttribute(node, flag, 1 - node.int(flag, 0));
  }
}

/** Reshape(Gemm(Reshape(x), w, c)) ⟶ Add(MatMul(x, w), c) where the reshapes only fold x's leading axes and unfold them. */
function fromGemm(node: Node): void {
  const gemm = soleProducer(node.inputs[0], node, 'Gemm');
  const inner = gemm && soleProducer(gemm.inputs[0], gemm, 'Reshape');
  const x = inner?.inputs[0];
  const [, w, c] = gemm?.inputs ?? [];
  const [from, to] = [x?.shape, node.output.shape];
  if (!gemm || !inner || !x || !w || !from || !to || w.shape?.length !== 2) return;
  if (gemm.float('alpha', 1) !== 1 || gemm.float('beta', 1) !== 1) return;
  if (gemm.int('transA', 0) !== 0 || gemm.int('transB', 0) !== 0) return;
  // The bias must not have a dim for the rows that were folded.
  if (c && (c.shape === undefined || c.shape.length > 1)) return;
  if (from.length !== to.length || from.length < 2 || !equalShapes(from.slice(0, -1), to.slice(0, -1))) return;
  const [k, n] = w.shape;
  const folded = inner.output.shape;
  if (k === undefined || n === undefined || !equalDims(from.at(-1) ?? 0, k) || !equalDims(to.at(-1) ?? 0, n)) return;
  if (folded?.length !== 2 || !equalDims(folded[1] ?? 0, k)) return;
  if (divideExactly(productOf(from), k) === undefined) return;
  if (c) {
    const product = node.graph.add('MatMul', [x, w], { name: gemm.name, outputs: [gemm.output.name] }).output;
    product.type = node.output.type;
    replaceBy(node, 'Add', [product, c], {}, node);
  } else replaceBy(node, 'MatMul', [x, w], {}, gemm);
}

/** BatchNormalization(MatMul(x, W)) of matrices ⟶ BatchNormalization(Gemm(x, W)), which takes it into its weights and bias. */
function normalizedProduct(node: Node): void {
  const product = soleProducer(node.inputs[0], node, 'MatMul');
  const [x, w] = product?.inputs ?? [];
  if (!product || !x || !w?.tensor || !isReadOnce(w) || w.elem !== 'float32' || (node.opset ?? 0) < 11) return;
  if (x.shape?.length !== 2 || w.shape?.length !== 2 || node.outputs.length > 1) return;
  if (!node.inputs.slice(1).every((value) => value?.tensor) || node.int('training_mode', 0) !== 0) return;
  replaceBy(product, 'Gemm', [x, w], {}, product);
}

/** Does so in every scope. */
export const simplifyGemm = everywhere(
  byOp({ Add: intoGemm, BatchNormalization: normalizedProduct, Gemm: transposedInputs, Reshape: fromGemm }),
);
