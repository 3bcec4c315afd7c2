/** Models of many nodes: time in proportion to them, and no list of them on the stack. */
import { expect, it } from 'vitest';
import { largeModels } from '../bench/growth-models.js';
import { Islands } from '../passes/precision/islands.js';
import { inferTypes } from '../src/infer/index.js';
import { checkModel } from '../src/ir/check.js';
import { cloneModel } from '../src/ir/clone.js';
import type { Model } from '../src/ir/model.js';
import { inlineCalls } from '../src/run/region/inline-all.js';
import { sweep } from '../src/run/sweep.js';
import { growth } from './growth.js';

const islands = (model: Model) => new Islands(new Set(model.graph.nodes()), () => false).settle();

/** Ten times the nodes: 10 where it is linear, 100 where it is quadratic. */
it.each<[string, string, number, (model: Model) => unknown]>([
  ['an operand that every node reads, in a narrower float', 'comb', 300, islands],
  ['a value with as many uses, in a narrower float', 'star', 300, islands],
  ['as many inputs of a sum, typed', 'star', 1500, inferTypes],
  ['as many inputs of a Concat, typed', 'concat', 1500, inferTypes],
  ['as many functions, typed', 'functions', 1500, inferTypes],
  ['as many calls, inlined', 'calls', 1000, (model) => inlineCalls(model)],
  ['as many ports, copied', 'ports', 1500, cloneModel],
])('%s: %s of 10 × %i', { timeout: 60_000 }, (_, shape, size, work) => {
  const make = (n: number) => {
    const model = largeModels[shape]!(n);
    if (work === islands) inferTypes(model);
    return model;
  };
  expect(growth(make, size, work)).toBeLessThan(40);
});

it.each(['ports', 'star', 'unsorted'])('%s of 150,000 nodes end on no stack', { timeout: 60_000 }, (shape) => {
  const model = cloneModel(largeModels[shape]!(150_000));
  model.graph.setInputs([...model.graph.inputs]);
  sweep(model);
  checkModel(model);
  expect(model.graph.nodeSet.size).toBeGreaterThanOrEqual(150_000);
});
