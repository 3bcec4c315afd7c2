/** The kernel tables against the runtimes: one of every few models that they were measured with is tried again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allTries, type Try } from '../../bench/kernels/tries.js';
import { verdictsOf, type WrittenTry, writeTries } from '../../bench/kernels/verdict.js';
import type { Target } from '../../src/ir/targets/targets.js';
import { stateByTable } from '../../src/runtime/kernels.js';
import { hasHollow, hollow } from './hollow.js';
import { hasSoftwareVulkan, softwareVulkan } from './software-vulkan.js';

/** A prime, so that every operator and type comes up. */
const STEP = 41;

describe('the kernel tables', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kernel-tables-'));
  let written: WrittenTry[] = [];
  beforeAll(async () => {
    const tries = await allTries();
    written = await writeTries(
      tries.filter((_, index) => index % STEP === 0),
      folder,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function differences(provider: Target, env?: Readonly<Record<string, string>>): Promise<string[]> {
    const verdicts = await verdictsOf(written, provider, env);
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
    stateByTable(provider, version.split(' ')[0] as string, form.domain === '' ? form.opset : 1, elem);

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
