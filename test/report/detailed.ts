/** A report with everything that the page shows: an encoder of many layers, one of them fused into fewer nodes. */
import { packed } from '../../src/run/report/details/pack.js';
import type { NodeDetails } from '../../src/run/report/details/readable.js';
import { type Report, reportSchema } from '../../src/run/report/report.js';
import { sample } from './sample.js';

type Node = NonNullable<NodeDetails['graph']>['before']['nodes'][number];

const node = (name: string, op: string, inputs: string[], layer: number, more: Partial<Node> = {}): Node => ({
  name,
  op,
  inputs,
  outputs: [`${name}_out`],
  block: 0,
  repeat: layer,
  ...more,
});

/** Before: MatMul, Div, Erf, Add, Mul in each layer; after: MatMul and Gelu. */
export function detailed(layers: number, text: (name: string) => string = (name) => name): Report {
  const before: Node[] = [];
  const after: Node[] = [];
  const values: Record<string, { type: string; shape: string; bytes?: number }> = {};
  let last = text('x');
  values[last] = { type: 'float32', shape: 'batch,64' };
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string): string => text(`/encoder/layer.${layer}/${part}`);
    const product = node(name('MatMul'), 'MatMul', [last, name('weight')], layer, { ms: 1 + layer });
    values[name('weight')] = { type: 'float32', shape: '64,64', bytes: 16384 };
    const steps = [product];
    for (const op of ['Div', 'Erf', 'Add', 'Mul'])
      steps.push(node(name(op), op, [(steps.at(-1) as Node).outputs[0] as string], layer));
    const gelu = node(name('Mul'), 'com.microsoft::Gelu', [...product.outputs], layer, {
      provider: 'CPUExecutionProvider',
    });
    before.push(...steps);
    after.push(product, gelu);
    for (const { outputs } of [...steps, gelu]) values[outputs[0] as string] = { type: 'float32', shape: 'batch,64' };
    last = gelu.outputs[0] as string;
  }
  const side = (nodes: Node[]) => ({
    nodes,
    values,
    blocks: [{ name: text('encoder/layer'), repeats: layers, nodes: nodes.length / layers }],
  });
  const each = Array.from({ length: layers }, (_, layer) => layer);
  const name = (layer: number, part: string): string => text(`/encoder/layer.${layer}/${part}`);
  const graph: NodeDetails['graph'] = { before: side(before), after: side(after) };
  const lineage: NodeDetails['lineage'] = each.map((layer) => ({
    nodes: [name(layer, 'Mul')],
    from: ['Div', 'Erf', 'Add', 'Mul'].map((part) => name(layer, part)),
    pass: 'fuse-act',
    rule: text('gelu'),
    proof: { how: 'rewrite compared', error: 1e-7 },
  }));
  const weights: NodeDetails['weights'] = each.map((layer) => ({
    name: name(layer, 'weight'),
    block: text('encoder/layer'),
    repeat: layer,
    before: { type: 'float32', bytes: 16384 },
    after: { type: 'bfloat16', bytes: 8192 },
    pass: 'bf16',
    why: 'stored in 16 bits',
  }));
  return reportSchema.parse({
    ...sample,
    input: text('model.onnx'),
    details: packed({ graph, lineage, weights }),
    errors: {
      byPass: [{ pass: 'bf16', relativeL2: 0.002 }],
      byBlock: each.map((layer) => ({
        block: text('encoder/layer'),
        repeat: layer,
        at: name(layer, 'Mul_out'),
        relativeL2: 10 ** (layer < 2 ? -7 : -3 + layer / layers),
      })),
      first: {
        ...{ block: text('encoder/layer'), repeat: 2, at: name(2, 'Mul_out'), relativeL2: 1e-3, inherited: 1e-7 },
        nodes: [name(2, 'Mul')],
      },
    },
    hashes: { model: { name: text('model.onnx'), bytes: 1, sha256: '0'.repeat(64) }, data: [], inputs: [] },
    recipe: { command: sample.command, config: { passes: text('fuse-attn,bf16') } },
  }) as Report;
}
