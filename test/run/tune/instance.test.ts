import { describe, expect, it } from 'vitest';
import { decoder } from '../../../fixtures/decoder.js';
import { encoder } from '../../../fixtures/encoder.js';
import { inferTypes } from '../../../src/infer/index.js';
import type { Model } from '../../../src/ir/model.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { writeModel } from '../../../src/onnx/write.js';
import { findBlocks } from '../../../src/region/blocks/index.js';
import { instanceModel } from '../../../src/run/tune/instance.js';
import { structureOf } from '../../../src/run/tune/structure.js';
import { compareTensors, randomFeeds } from '../../check-pass.js';
import { runModel } from '../../run-model.js';

const sizes = { hidden: 32, heads: 2, intermediate: 48, vocabulary: 50, seed: 0, layers: 4 };
const models: Record<string, () => Model> = {
  encoder: () => encoder({ ...sizes, positions: 32, norm: 'decomposed' }),
  decoder: () => decoder({ ...sizes, kvHeads: 1 }),
};
const dims = { batch: 2, sequence: 5, past_sequence: 3, total_sequence: 8 };

/** Gives all instances of the largest block. */
function cutOuts(model: Model): Model[] {
  inferTypes(model);
  const blocks = findBlocks(model.graph);
  const repeated = new Set(blocks.flatMap(({ instances }) => instances.flatMap(({ nodes }) => nodes)));
  return (blocks[0]?.instances ?? []).map((instance) => {
    const part = instanceModel(model, instance, (node) => repeated.has(node));
    if (typeof part === 'string') throw new Error(part);
    return part;
  });
}

/** Copies the model and adds these values to its outputs. */
function tapped(model: Model, names: readonly string[]): Model {
  const copy = cloneModel(model);
  const values = new Map([...copy.graph.values()].map((value) => [value.name, value]));
  for (const name of names) {
    const value = values.get(name);
    if (value?.producer && !copy.graph.outputPorts.some((port) => port.name === name)) copy.graph.output(name, value);
  }
  return copy;
}

describe.each(Object.keys(models))('an instance of a block of the %s', (kind) => {
  it('gives alone what it gives in the model', async () => {
    const model = models[kind]!();
    const parts = cutOuts(model);
    expect(parts).toHaveLength(sizes.layers);
    for (const part of parts) {
      const ports = [...part.graph.inputs, ...part.graph.outputPorts].map(({ name }) => name);
      const given = randomFeeds(model, dims);
      const whole = await runModel(await writeModel(tapped(model, ports)), given);
      const alone = await runModel(await writeModel(part), { ...given, ...whole });
      expect(Object.keys(alone)).toEqual(part.graph.outputPorts.map(({ name }) => name));
      compareTensors(alone, Object.fromEntries(Object.keys(alone).map((name) => [name, whole[name]!])), 0);
    }
  });

  it('is one layer, with the arithmetic of masks and shapes down to integers', () => {
    const model = models[kind]!();
    const [, part] = cutOuts(model);
    expect(part!.graph.nodeSet.size).toBeLessThan(model.graph.nodeSet.size / 2);
    const floats = part!.graph.inputs.filter(({ elem }) => elem === 'float32').map(({ name }) => name);
    expect(floats.filter((name) => /mask/i.test(name))).toEqual([]);
    expect(part!.graph.inputs.map(({ name }) => name)).toContain('attention_mask');
  });

  it('is worded as the others are, and otherwise where it differs', () => {
    const parts = cutOuts(models[kind]!());
    const texts = parts.map((one) => structureOf(one));
    expect(texts[2]).toBe(texts[1]);
    const [node] = parts[1]!.graph.nodes().filter(({ opType }) => opType === 'Softmax');
    node!.graph.setAttribute(node!, 'axis', 1);
    expect(structureOf(parts[1]!)).not.toBe(texts[1]);
  });
});
