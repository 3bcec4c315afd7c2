/** Input dims that exporters name by an expression. */
import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import { dimText } from '../../src/ir/dims/dims.js';
import { typed } from './cases.js';

const x = 'float32';

describe('dims of inputs whose names are expressions', () => {
  const sum = (name: string) => (g: GraphBuilder) =>
    g.op('Add', [
      g.input('mask', x, ['b', name]),
      g.op('Concat', [g.input('past', x, ['b', 'p']), g.input('new', x, ['b', 's'])], { axis: 1 }),
    ]);
  const sizes = (name: string) => [
    { b: 2, p: 4, s: 3, [`{${name}}`]: 7 },
    { b: 1, p: 2, s: 1, [`{${name}}`]: 3 },
  ];
  it('stay as the file says them on the input itself', () => {
    const model = buildModel({ '': 17 }, (g) => g.output('y', sum('p + s')(g)));
    const mask = model.graph.inputs[0];
    inferTypes(model);
    expect(mask?.shape?.map(dimText)).toEqual(['b', '{p + s}']);
  });
  typed('are what they spell', sum('p + s'), ['float32[b, p+s]'], { sizes: sizes('p + s') });
  typed('with products', sum('2*(p + s) - p - s'), ['float32[b, p+s]'], { sizes: sizes('2*(p + s) - p - s') });
  typed('are names where one new token is meant', sum('p + 1'), ['float32[b, broadcast(p+s,{p + 1})]'], {
    sizes: sizes('p + 1'),
  });
  typed('are names where no input has what they spell', sum('p + q'), ['float32[b, broadcast(p+s,{p + q})]'], {
    sizes: sizes('p + q'),
  });
});
