/** The error of a model in 4 bits: of its outputs, as it runs, and of each product on the activations that it has in float32. */

import { z } from 'zod';
import { int4 } from '../../passes/int4.js';
import type { BlockForm } from '../../passes/precision/block/form.js';
import { BlockSites } from '../../passes/precision/block/sites.js';
import { BlockWeights } from '../../passes/precision/block/weights.js';
import { keeps } from '../../passes/precision/keep.js';
import { fitSource } from '../../passes/precision/source/fit.js';
import type { Model } from '../../src/ir/model.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { definePass } from '../../src/run/pass.js';
import type { RuntimeProcess, Tensors } from '../../src/runtime/isolate.js';
import type { MeasuredModel } from './models.js';

/** What is measured is products and tables: other layers are stored alike in any case. */
const KEPT = ['Conv', 'ConvTranspose', 'LSTM', 'GRU', 'RNN'];

export const BLOCKS = [32, 64, 128] as const;
type Block = (typeof BLOCKS)[number];

export const WAYS = ['nearest', 'without inputs', 'with inputs'] as const;
type Way = (typeof WAYS)[number];

export interface MeasuredWay {
  readonly way: Way;
  /** Relative L2 of the outputs, of all sets together: as the CPU runs it, and with activations in float. */
  readonly asRun: number;
  readonly exact: number;
  /** ‖X(W − Q)‖ / ‖XW‖ of each product; undefined of those that are not in blocks. */
  readonly layers: readonly (number | undefined)[];
}

export interface Measured {
  readonly model: string;
  readonly weights: 'random' | 'trained';
  readonly block: Block;
  readonly ways: readonly MeasuredWay[];
  /** Of the products. */
  readonly names: readonly string[];
}

/** Rounds every weight to the nearest level between its block's least and greatest number. */
const nearest = (form: BlockForm) =>
  definePass({
    name: 'nearest',
    summary: 'Rounds weights in blocks to the nearest.',
    fidelity: 'lossy',
    needs: ['types', 'weights'],
    options: z.object({}),
    run(model, _, context) {
      fitSource(model, context);
      const sites = new BlockSites(model, context, { isKept: keeps(KEPT), minElements: 1024 });
      const forms = [
        { ...form, isNearest: true },
        { ...form, bits: 8 as const },
      ];
      sites.rewrite(new BlockWeights({ forms, maxWeightError: Number.POSITIVE_INFINITY, importances: new Map() }));
    },
  });

/** The model with its weights in 4 bits. */
export async function quantized({ file, given }: MeasuredModel, way: Way, block: Block): Promise<Model> {
  const pass =
    way === 'nearest'
      ? nearest({ bits: 4, block, isSymmetric: false })()
      : int4({ block, maxWeightError: Number.MAX_VALUE, keep: KEPT });
  const inputs = way === 'with inputs' ? given : undefined;
  const { model } = await optimize(await readModel(file), [pass], { verify: 'none', target: 'cpu', inputs });
  return model;
}

/** The model with the activations of its products in float: what is left is the error of the weights. */
export function withFloatActivations(model: Model): Model {
  for (const graph of model.graphs())
    for (const node of graph.nodes()) if (node.opType === 'MatMulNBits') graph.setAttribute(node, 'accuracy_level', 0);
  return model;
}

export async function outputsOf(runtime: RuntimeProcess, model: Model, sets: readonly Tensors[]): Promise<Tensors[]> {
  const session = await runtime.load(await writeModel(model), { provider: 'cpu' });
  const found: Tensors[] = [];
  for (const set of sets) found.push((await session.run(set)).outputs);
  await session.release();
  return found;
}
