/**
 * Gather(table, indices)  ⟶  GatherBlockQuantized(codes, indices, scales, zero points): the rows that are looked up are widened, the table stays in 4
 * or 8 bits. Its layout is that of MatMulNBits, so that an embedding and the head that shares its weight are stored once.
 */
import { GraphBuilder } from '../../../src/ir/build.js';
import type { Node } from '../../../src/ir/node.js';
import { isHost, type Target } from '../../../src/ir/targets/targets.js';
import { setTensor } from '../../../src/ir/tensors/constants.js';
import { reshaped } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { type DataType, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { castTo } from '../../../src/ir/whole-model/widen.js';
import type { PassContext } from '../../../src/run/pass.js';
import { type BlockForm, blocksOf } from './form.js';
import type { BlockWeights, StoredMatrix } from './weights.js';

/** A node that looks up whole rows of a constant. */
export interface Table {
  readonly node: Node;
  /** The table as a weight [N, K] of N rows. */
  readonly matrix: StoredMatrix;
  readonly elem: DataType;
}

export function tableOf(node: Node): Table | undefined {
  const [table, indices] = node.inputs;
  let stored = table;
  // A table that is stored in fewer bits is behind a Cast.
  while (stored?.producer?.is('Cast') || stored?.producer?.is('Identity')) stored = stored.producer.inputs[0];
  const tensor = stored?.tensor;
  if (!node.is('Gather') || node.hasReference || !stored || !tensor || !indices) return undefined;
  if (tensor.shape.length !== 2 || ![0, -2].includes(node.int('axis', 0))) return undefined;
  const [N, K] = tensor.shape as [number, number];
  return { node, matrix: { stored, tensor, isTransposed: true, K, N }, elem: table?.elem ?? tensor.type };
}

/** The reason that a table cannot be read in blocks; undefined where it can. */
export function tableObstacle(
  { matrix, elem }: Table,
  form: BlockForm,
  { target, hasKernel }: PassContext,
): string | undefined {
  if (form.isNormal) return 'no kernel looks rows up in NF4';
  if (matrix.K % form.block !== 0) return `its rows of ${matrix.K} numbers are no blocks of ${form.block}`;
  if (hasKernel('GatherBlockQuantized', 'com.microsoft', 1, computed(elem, target))) return undefined;
  return `GatherBlockQuantized gives no ${elem} on ${target}`;
}

/** Rows are float32 on hosts, as products are there. */
const computed = (elem: DataType, target: Target): DataType => (isHost(target) ? 'float32' : elem);

/**
 * The form in which the target can look rows up: in whole blocks, if any length fits. Each row of 4-bit zero points begins at a whole byte, but CUDA and
 * WebGPU count them through all rows: with an odd number of blocks in a row they compute wrongly, or refuse.
 */
export function lookedUp(form: BlockForm, { matrix }: Table, target: Target): BlockForm {
  const whole = BLOCKS.find((block) => block <= form.block && matrix.K % block === 0);
  if (whole === undefined) return form;
  const fit = { ...form, block: whole };
  const isOdd = blocksOf(matrix, fit) % 2 === 1;
  return isOdd && form.bits === 4 && !isHost(target) ? { ...fit, isSymmetric: true } : fit;
}

/** Blocks that kernels know, the longest first. */
const BLOCKS = [128, 64, 32, 16] as const;

/**
 * Replaces the lookup. Where products read the same weight, both read one constant, in the products' shape. A Cast that widened
 * the rows goes.
 */
export function putTable(
  { node, matrix, elem: own }: Table,
  weights: BlockWeights,
  form: BlockForm,
  target: Target,
): void {
  const elem = computed(own, target);
  const { graph, output } = node;
  const indices = node.inputs[1] as Value;
  const { codes, scales, zeros } = weights.constantsOf(matrix, form, elem);
  const shape = [matrix.N, (matrix.K * form.bits) / 8];
  const type = tensorType('uint8', shape);
  if (codes.uses.size === 0) {
    setTensor(codes, reshaped(codes.tensor as Tensor, shape));
    codes.type = type;
  }
  const build = new GraphBuilder(graph);
  const isOfProducts = codes.tensor?.shape.length !== shape.length;
  const data = isOfProducts ? build.op('Reshape', [codes, build.ints(shape)], {}, { type }) : codes;
  const rows = graph.add('GatherBlockQuantized', [data, indices, scales, ...(zeros ? [zeros] : [])], {
    domain: 'com.microsoft',
    name: node.name,
    attributes: { bits: form.bits, block_size: form.block, gather_axis: 0, quantize_axis: 1 },
  }).output;
  rows.type = tensorType(elem, output.shape);
  if (elem === own) rows.name = output.name;
  for (const user of elem === own ? [] : output.users)
    if (user.is('Cast') && user.output.elem === elem) graph.replaceUses(user.output, rows);
  graph.replaceUses(output, elem === own ? rows : castTo(graph, rows, own));
}

/** Replaces a lookup by one in blocks; false where the node is no lookup, or its rows cannot be read in blocks. */
export function lookUpInBlocks(node: Node, weights: BlockWeights, form: BlockForm, context: PassContext): boolean {
  const table = tableOf(node);
  if (!table || tableObstacle(table, form, context) || typeof weights.formOf(table.matrix) === 'string') return false;
  putTable(table, weights, form, context.target);
  return true;
}
