import { describe, expect, it } from 'vitest';
import { agreed, bankOf, Divergence, derive, instanceOf, markOf, uniformOf } from '../../src/ir/tensors/bank.js';
import { castTensor, numbersOf, reshaped, tensorOf } from '../../src/ir/tensors/numbers.js';

const mark = { run: 'layers', standIn: 3, slot: 'w' };
const [a, b] = [tensorOf('float32', [1, 2]), tensorOf('float32', [3, 4])];

describe('bank', () => {
  it('gives no numbers by accident where instances differ', () => {
    const bank = bankOf([a, b], mark);
    expect(bank).toMatchObject({ type: 'float32', shape: [2], byteLength: 8 });
    expect(() => bank.bytes()).toThrow(Divergence);
    expect(() => numbersOf(castTensor(bank, 'float64'))).toThrow(Divergence);
    expect(uniformOf(bank)).toBeUndefined();
    expect(uniformOf(a)).toBe(a);
  });

  it('is read where all instances are one tensor', () => {
    const bank = bankOf([a, a], mark);
    expect(uniformOf(bank)).toBe(a);
    expect([...numbersOf(reshaped(bank, [2, 1]))]).toEqual([1, 2]);
  });

  it('derives per instance, the same tensor every time', () => {
    const wide = castTensor(reshaped(bankOf([a, b], mark), [1, 2]), 'float64');
    expect(wide).toMatchObject({ type: 'float64', shape: [1, 2] });
    expect([0, 1].map((index) => [...numbersOf(instanceOf(wide, index))])).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(instanceOf(wide, 1)).toBe(instanceOf(wide, 1));
    expect(markOf(wide)).toMatchObject({ run: 'layers', standIn: 3 });
  });

  it('says that what two stand-ins make together plays no part in either', () => {
    const other = bankOf([b], { ...mark, standIn: 2 });
    const sum = derive([bankOf([a], mark), other], 'float32', [2], (x) => x?.chunks() ?? []);
    expect(markOf(sum)?.slot).toBe('mixed');
  });

  it('answers for all instances, or says that they differ', () => {
    const bank = bankOf([a, b, a], mark);
    expect(agreed(bank, (one) => numbersOf(one).length)).toBe(2);
    expect(() => agreed(bank, (one) => numbersOf(one)[0])).toThrow(Divergence);
  });
});
