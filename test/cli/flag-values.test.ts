/** What the text behind a flag says, and what it does not. */
import { expect, it } from 'vitest';
import { dimsOrBatch, valueNames } from '../../cli/parse/flag-values.js';

it('of values is names, commas and all, and never nothing', () => {
  expect(valueNames(['a,b', 'c'])).toEqual(['a,b', 'c']);
  for (const written of [[''], ['a', ' ']])
    expect(() => valueNames(written)).toThrow('expected names of values; found');
});

it('of dims is sizes, or a name for the batch, each once', () => {
  expect(dimsOrBatch(['batch=N', 'seq=4'])).toEqual({ seq: 4, batch: 'N' });
  expect(() => dimsOrBatch(['batch=N', 'batch=2'])).toThrow('expected batch once; found batch=N and batch=2');
  expect(() => dimsOrBatch(['batch=N', 'batch=M'])).toThrow('expected one name for the batch');
});
