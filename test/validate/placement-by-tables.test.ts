/** The predicted placement of models against what the runtimes decide about the same models. */
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { generate, type KindName, kinds } from '../../fixtures/kinds.js';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import type { Accelerator } from '../../src/ir/targets/targets.js';
import type { Value } from '../../src/ir/value.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { type NodePlaces, placedOf } from '../../src/runtime/kernels/probe/placed.js';
import { placedNodes } from '../../src/runtime/placed-nodes.js';
import { placementByTables } from '../../src/validate/placement-by-tables.js';
import { collection, modelFolders } from '../models.js';
import { hasHollow, hollow } from '../runtime/hollow.js';
import { hasSoftwareVulkan, softwareVulkan } from '../runtime/software-vulkan.js';

/** A few models of the collection, where it is there: every eleventh. */
const some = modelFolders(collection('zoo')).filter((_, index) => index % 11 === 0);
const HOST = 'CPUExecutionProvider';

describe('the predicted placement', () => {
  const folder = mkdtempSync(join(tmpdir(), 'placement-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function* models(target: Accelerator): AsyncIterable<Model> {
    for (const kind of Object.keys(kinds) as KindName[])
      for (const passes of ['simplify', 'half'])
        yield (await optimize(generate(kind, 'miniature', 1).model, passes, { verify: 'none', target })).model;
    for (const place of some) yield readModel(join(place, 'model.onnx'));
  }

  /** Nodes that are elsewhere than predicted, and how many were looked at. */
  async function compare(target: Accelerator, env: Readonly<Record<string, string>>) {
    const [files, predictions]: [string[], Map<string, boolean>[]] = [[], []];
    for await (const model of models(target)) {
      inferTypes(model);
      predictions.push(predictedOf(model, target));
      files.push(join(folder, `${target}-${files.length}.onnx`));
      await writeFile(files.at(-1) as string, await writeModel(model));
    }
    const placed = await placedOf(files.length, (index) => files[index], { provider: target, env });
    const wrong: string[] = [];
    let count = 0;
    for (const [index, told] of predictions.entries()) {
      const { names, all, error } = placed[index] as NodePlaces;
      // A device without float16, and forms of LSTM that CUDA's set-up refuses, end the session behind the placement.
      if (error) continue;
      const own = new Map(Object.entries(names).flatMap(([provider, list]) => list.map((name) => [name, provider])));
      for (const [name, isTarget] of told) {
        const provider = own.get(name) ?? all;
        if (provider === undefined) continue;
        count++;
        if ((provider !== HOST) !== isTarget) wrong.push(`${files[index]}: ${name} is on ${provider}`);
      }
    }
    return { wrong, count };
  }

  /** True for nodes that run on the target, by name; without shape arithmetic, and names that several nodes have. */
  function predictedOf(model: Model, target: Accelerator): Map<string, boolean> {
    const placed = [...placedNodes(model, target)];
    const counts = new Map<string, number>();
    for (const { node } of placed) counts.set(node.name, (counts.get(node.name) ?? 0) + 1);
    return new Map(
      placed.flatMap(({ node, state }) =>
        node.name && counts.get(node.name) === 1 && state !== 'shape arithmetic'
          ? [[node.name, state === 'runs' || state === 'runs in part'] as const]
          : [],
      ),
    );
  }

  it.runIf(hasSoftwareVulkan)('is that of WebGPU', async () => {
    const { wrong, count } = await compare('webgpu', softwareVulkan(folder));
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(200);
  });

  it.runIf(hasHollow)('is that of CUDA', async () => {
    const { wrong, count } = await compare('cuda', hollow);
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(200);
  });

  it('has causes and copies', () => {
    const model = buildModel({ '': 22 }, (g) => {
      const x = g.op('Relu', [g.input('x', 'float32', [1, 2, 4])]);
      const ones = g.constant('float32', [1, 1], [2]);
      g.output('y', g.op('Relu', [g.op('InstanceNormalization', [x, ones, ones])]), 'float32');
    });
    expect(placementByTables(model, 'cuda')).toMatchObject({
      fallbacks: { InstanceNormalization: 1 },
      states: { runs: 2, 'falls back': 1 },
      causes: [{ count: 1, text: 'InstanceNormalization of float32 has no kernel on cuda from opset 22 on' }],
      ...{ copies: 2, copiedBytes: 64 },
    });
  });

  it('is not known for a node that neither the target nor the CPU is known to have a kernel for', () => {
    const model = buildModel({ '': 22, 'com.microsoft': 1 }, (g) => {
      const bytes = (x: Value) => g.op('Cast', [x], { to: 17 });
      const x = bytes(g.op('Relu', [g.input('x', 'float32', [16, 16])]));
      const product = g.op('GemmFloat8', [x, x], { dtype: 1 }, { domain: 'com.microsoft' });
      g.output('y', g.op('Relu', [product]), 'float32');
    });
    const placement = placementByTables(model, 'cuda');
    expect(placement).toMatchObject({
      fallbacks: { GemmFloat8: 1 },
      unplaced: { GemmFloat8: 1 },
      nodes: { cuda: 3, cpu: 0 },
      copies: 0,
      causes: [{ count: 1, text: 'com.microsoft.GemmFloat8 of float8e4m3fn was never tried on cuda' }],
    });
  });
});
