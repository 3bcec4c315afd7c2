/** The node tests of the ONNX repository: no claim is wrong, every value has a type, and nearly all dims are known. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../models.js';
import { listPath, readCases } from './backend-cases.js';
import { judge, listOf, sumOf } from './backend-judge.js';

describe('the node tests of ONNX', () => {
  it('agrees with every output, and the list of results says so', async () => {
    const results = [];
    for (const one of readCases()) results.push(await judge(one));
    expect(results.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
    expect(results.filter(({ name }) => name.startsWith('test_'))).toHaveLength(1802);
    expect(results).toHaveLength(2003);
    const dims = results.reduce((n, result) => n + result.dims, 0);
    // Where what the inputs hold is known too: the rest are counts of what is found, unique or decoded.
    expect(sumOf(results, 'held') / dims).toBeGreaterThan(0.98);
    expect(listOf(results)).toBe(readFileSync(join(root, listPath), 'utf8'));
  });
});
