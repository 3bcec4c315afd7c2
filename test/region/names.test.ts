import { describe, expect, it } from 'vitest';
import { Renaming } from '../../src/region/whole/names.js';

const names = (layer: number) => [`/layer.${layer}/MatMul`, layer === 2 ? 'node_7' : `node_${layer}7`];

describe('names of what is stamped out', () => {
  const renaming = new Renaming([names(2), names(3), names(4)], [names(1), names(5)]);

  it('are those that the parts had, with what passes put behind them', () => {
    expect(renaming.of('/layer.2/MatMul', 1)).toBe('/layer.3/MatMul');
    expect(renaming.of('node_7_int8', 2)).toBe('node_47_int8');
  });

  it('begin as the repeat does', () => expect(renaming.of('/layer.2/Attention', 2)).toBe('/layer.4/Attention'));

  it('are right for parts of the stand-ins before and behind', () => {
    expect(renaming.of('/layer.1/MatMul', 1)).toBe('/layer.2/MatMul');
    expect(renaming.of('/layer.5/MatMul', 1)).toBe('/layer.4/MatMul');
  });

  it('stay where nothing tells the repeat', () => expect(renaming.of('mask', 1)).toBe('mask'));
});
