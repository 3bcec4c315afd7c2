/** The provider bench in miniature: every step of a model is measured, right, and in the table. Times prove nothing here. */
import { describe, expect, it } from 'vitest';
import { benchProvider } from '../../bench/providers.js';
import type { MeasuredStep } from '../../bench/result.js';
import { defaultSteps, stepsFromText } from '../../bench/steps.js';
import { tableOf } from '../../bench/table.js';

describe('the provider bench', () => {
  it('measures models and every step on the CPU, within the gates', async () => {
    const kinds = ['decoder', 'unet'] as const;
    const result = await benchProvider({
      provider: 'cpu',
      size: 'miniature',
      kinds,
      sampling: { rounds: 2, sampleMs: 1, warmUp: 1 },
    });
    expect(result.machine.versions['onnxruntime-node']).toMatch(/^\d/);
    expect(result.models.map(({ kind }) => kind)).toEqual(kinds);
    for (const { kind, steps } of result.models) {
      expect(steps.map(({ name }) => name)).toEqual(['float32', ...defaultSteps.cpu]);
      for (const step of steps) {
        const where = `${kind}: ${step.name}`;
        expect(step, where).toMatchObject({ status: 'measured' });
        const { accuracy, bytes, gate, run, speedup, passes } = step as MeasuredStep;
        expect(run.samples, where).toHaveLength(2);
        expect(run.median, where).toBeGreaterThan(0);
        expect(accuracy.length, where).toBeGreaterThan(0);
        expect(gate.violations, where).toEqual([]);
        if (step.name === 'float32') continue;
        expect(speedup?.median, where).toBeGreaterThan(0);
        // What narrows floats runs behind the fusions that follow it.
        expect(passes.map(({ name }) => name).sort()).toEqual(step.name.split(',').sort());
        expect(bytes, where).toBeLessThan(0.75 * (steps[0]?.bytes as number));
      }
    }
    const table = tableOf(result);
    for (const kind of kinds) expect(table).toContain(`## ${kind}`);
    expect(table).not.toContain('failed');
  });

  it('keeps what fails as a result, with its message', async () => {
    const result = await benchProvider({
      provider: 'cpu',
      size: 'miniature',
      kinds: ['encoder'],
      steps: ['no-such-pass'],
      sampling: { rounds: 1, sampleMs: 1, warmUp: 1 },
    });
    const [float32, failed] = result.models[0]?.steps ?? [];
    expect(float32?.status).toBe('measured');
    expect(failed).toMatchObject({ status: 'failed', stage: 'optimize', name: 'no-such-pass' });
    expect(tableOf(result)).toMatch(/\| no-such-pass \| failed to optimize \|.*no-such-pass/);
  });

  it('reads steps from text', () => {
    expect(stepsFromText('bf16; bf16,fuse-attn ;')).toEqual(['bf16', 'bf16,fuse-attn']);
  });
});
