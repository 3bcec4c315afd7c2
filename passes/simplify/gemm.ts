/** Gemm where it takes fewer nodes, MatMul and Add where they do. Sums may be rounded in another order. */
import { divideExactly, equalDims, productOf } from '../../src/ir/dims.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { equalShapes } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { isReadOnce, permOf } from './small.js';

const isFloat = (value: Value | undefined): boolean =>
  value?.elem === 'float32' || value?.elem === 'float64' || value?.elem === 'float16';

/** A node of this op that only one slot of the same scope reads. */
function sole(value: Value | undefined, opType: string, reader: Node): Node | undefined {
  const node = value?.producer;
  if (!value || !node?.is(opType) || node.hasReference) return undefined;
  return isReadOnce(value) && node.graph === reader.graph && node.output === value ? node : undefined;
}

function replace(node: Node, by: Node): void {
  by.output.type = node.output.type;
  node.graph.replaceUses(node.output, by.output);
}

/** Add(MatMul(a, b), c) ⟶ Gemm(a, b, c) for matrices; Add(Gemm(a, b), c) ⟶ Gemm(a, b, c). */
function intoGemm(node: Node): void {
  if ((node.opset ?? 0) < 11) return;
  for (const index of [0, 1]) {
    const inner = sole(node.inputs[index], 'MatMul', node) ?? sole(node.inputs[index], 'Gemm', node);
    const bias = node.inputs[1 - index];
    const [a, b, c] = inner?.inputs ?? [];
    if (!inner || !bias?.shape || !a || !b || c || !isFloat(a)) continue;
    if (a.shape?.length !== 2 || b.shape?.length !== 2 || bias.shape.length > 2) continue;
    // Gemm broadcasts the bias to the product, never the product to the bias.
    if (!equalShapes(inner.output.shape, node.output.shape)) continue;
    const attributes = { ...Object.fromEntries(inner.attributes), beta: undefined };
    const { name } = inner;
    replace(node, node.graph.add('Gemm', [a, b, bias], { name, attributes, outputs: [node.output.name] }));
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
    const perm = permOf(transpose);
    if (perm?.length !== 2 || perm[0] !== 1) continue;
    node.graph.setInput(node, index, transpose.inputs[0]);
    node.graph.setAttribute(node, flag, 1 - node.int(flag, 0));
  }
}

/** Reshape(Gemm(Reshape(x), w, c)) ⟶ Add(MatMul(x, w), c) where the reshapes only fold x's leading axes and unfold them. */
function fromGemm(node: Node): void {
  const gemm = sole(node.inputs[0], 'Gemm', node);
  const inner = gemm && sole(gemm.inputs[0], 'Reshape', gemm);
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
  const { graph } = node;
  const product = graph.add('MatMul', [x, w], { name: gemm.name, outputs: [c ? gemm.output.name : node.output.name] });
  product.output.type = node.output.type;
  if (c) replace(node, graph.add('Add', [product.output, c], { outputs: [node.output.name] }));
  else graph.replaceUses(node.output, product.output);
}

/** BatchNormalization(MatMul(x, W)) of matrices ⟶ BatchNormalization(Gemm(x, W)), which takes it into its weights and bias. */
function normalizedProduct(node: Node): void {
  const product = sole(node.inputs[0], 'MatMul', node);
  const [x, w] = product?.inputs ?? [];
  if (!product || !x || !w?.tensor || !isReadOnce(w) || w.elem !== 'float32' || (node.opset ?? 0) < 11) return;
  if (x.shape?.length !== 2 || w.shape?.length !== 2 || node.outputs.length > 1) return;
  if (!node.inputs.slice(1).every((value) => value?.tensor) || node.int('training_mode', 0) !== 0) return;
  replace(product, node.graph.add('Gemm', [x, w], { name: product.name, outputs: [product.output.name] }));
}

const rules: ReadonlyMap<string, (node: Node) => void> = new Map(
  Object.entries({
    Add: intoGemm,
    BatchNormalization: normalizedProduct,
    Gemm: transposedInputs,
    Reshape: fromGemm,
  }),
);

/** Does so in every scope. */
export function simplifyGemm(model: Model): void {
  for (const graph of model.graphs())
    for (const node of graph.nodes())
      if (node.domain === '' && node.outputs[0]?.uses.size && !node.hasReference) rules.get(node.opType)?.(node);
}
