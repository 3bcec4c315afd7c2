/** The uses of a value, however many there are. */
import { describe, expect, it } from 'vitest';
import { Model } from '../../src/ir/model.js';

const indices = (uses: Iterable<{ index: number }>): number[] => [...uses].map(({ index }) => index);

describe('uses', () => {
  it('stand in the order in which they came, and a use that comes back is the last', () => {
    for (const count of [1, 2, 5, 8, 9, 40]) {
      const { graph } = new Model(new Map([['', 17]]));
      const x = graph.input('x');
      const node = graph.add('Sum', new Array(count).fill(x));
      const all = Array.from({ length: count }, (_, index) => index);
      expect(x.uses.size).toBe(count);
      expect(indices(x.uses)).toEqual(all);
      expect(all.every((index) => x.uses.has({ node, index }))).toBe(true);
      expect(x.uses.has({ node, index: count })).toBe(false);
      expect(x.uses.has({ node: graph.end, index: 0 })).toBe(false);
      graph.setInput(node, 0, undefined);
      expect(indices(x.uses)).toEqual(all.slice(1));
      graph.setInput(node, 0, x);
      expect(indices(x.uses)).toEqual([...all.slice(1), 0]);
      graph.truncateInputs(node, 0);
      expect(x.uses.size).toBe(0);
      expect(indices(x.uses)).toEqual([]);
    }
  });

  it('tell nodes apart that read a value at the same places', () => {
    const { graph } = new Model(new Map([['', 17]]));
    const x = graph.input('x');
    const nodes = Array.from({ length: 12 }, () => graph.add('Add', [x, x]));
    graph.setInput(nodes[3]!, 1, undefined);
    expect([...x.uses].map(({ node, index }) => [nodes.indexOf(node), index])).toEqual(
      nodes
        .flatMap((_, at) => [
          [at, 0],
          [at, 1],
        ])
        .filter(([at, index]) => at !== 3 || index !== 1),
    );
  });

  it('are an output where the graph gives the value, among many others', () => {
    const { graph } = new Model(new Map([['', 17]]));
    const x = graph.input('x');
    for (let i = 0; i < 20; i++) graph.add('Relu', [x]);
    graph.output('y', x);
    expect(x.isOutput).toBe(true);
    graph.setOutputs([]);
    expect(x.isOutput).toBe(false);
    expect(x.uses.size).toBe(20);
  });

  it('may go while they are gone over', () => {
    for (const count of [1, 3, 30]) {
      const { graph } = new Model(new Map([['', 17]]));
      const x = graph.input('x');
      const y = graph.input('y');
      const node = graph.add('Sum', new Array<typeof x>(count).fill(x));
      for (const { index } of x.uses) graph.setInput(node, index, y);
      expect(x.uses.size).toBe(0);
      expect(indices(y.uses)).toEqual(Array.from({ length: count }, (_, index) => index));
    }
  });
});
