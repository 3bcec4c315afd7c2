/** The kernel tables against the runtimes: one of every few models that they were measured with is tried again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Target } from '../../src/ir/targets/targets.js';
import { allTries, type Try } from '../../src/runtime/kernels/probe/tries.js';
import { verdictsOf } from '../../src/runtime/kernels/probe/verdict.js';
import { shippedState } from '../../src/runtime/kernels.js';
import { hasHollow, hollow } from './hollow.js';
import { hasSoftwareVulkan, softwareVulkan } from './software-vulkan.js';

/** A prime, so that every operator and type comes up. */
const STEP = 41;

describe('the kernel tables', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kernel-tables-'));
  const tries = allTries().filter((_, index) => index % STEP === 0);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function differences(provider: Target, env?: Readonly<Record<string, string>>): Promise<string[]> {
    const verdicts = await verdictsOf(tries, { provider, env });
    const known = verdicts.filter(({ verdict }) => verdict !== 'invalid');
    expect(known.length).toBeGreaterThan(200);
    return known.flatMap(({ one, verdict }) => {
      const told = stateOf(one, provider);
      return told === verdict || told === 'some'
        ? []
        : [`${one.version} ${one.elem}: measured ${verdict}, told ${told}`];
    });
  }

  /** The table's line for the try, at the operator set of its model. */
  const stateOf = ({ version, elem, form }: Try, provider: Target) =>
    shippedState(provider, version.split(' ')[0] as string, form.domain === '' ? form.opset : 1, elem);

  it('say of the CPU what the installed runtime says', async () => {
    expect(await differences('cpu')).toEqual([]);
  });

  it.runIf(hasHollow)('say of CUDA what its provider says', async () => {
    expect(await differences('cuda', hollow)).toEqual([]);
  });

  it.runIf(hasSoftwareVulkan)('say of WebGPU what the installed runtime says', async () => {
    expect(await differences('webgpu', softwareVulkan(folder))).toEqual([]);
  });
});
