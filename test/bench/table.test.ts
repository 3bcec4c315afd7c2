/** The table of a result. */
import { describe, expect, it } from 'vitest';
import type { BenchResult, MeasuredStep } from '../../bench/result.js';
import { tableOf } from '../../bench/table.js';
import type { OutputAccuracy } from '../../src/validate/judge/accuracy.js';

const accuracy = (name: string, cosine: number, maxRel: number, nonFinite = 0): OutputAccuracy => ({
  name,
  type: 'float32',
  compared: 8,
  scale: 1,
  maxAbs: maxRel,
  maxRel,
  relativeL2: maxRel,
  cosine,
  snr: 20,
  nonFinite: { original: 0, result: nonFinite },
  nonFiniteMismatches: nonFinite,
});

const float32: MeasuredStep = {
  status: 'measured',
  name: 'float32',
  bytes: 438_000_000,
  passes: [],
  createMs: 812.4,
  firstMs: 30,
  run: { median: 20, low: 19.5, high: 21, samples: [19, 20, 21], runsPerSample: 10 },
  accuracy: [accuracy('y', 1, 3e-7)],
  gate: { fidelity: 'exact', violations: [] },
  fallbacks: {},
};

const result: BenchResult = {
  version: 1,
  date: '2026-11-23T10:00:00.000Z',
  provider: 'cuda',
  device: 'NVIDIA X',
  size: 'base',
  seed: 0,
  sampling: { rounds: 15, sampleMs: 200, warmUp: 5 },
  machine: {
    os: 'Linux 6',
    arch: 'x64',
    cpu: 'A CPU',
    cores: 16,
    available: 8,
    load: 0.25,
    memory: 1,
    gpus: [{ name: 'NVIDIA X', driver: '580.1', memory: 1 }],
    versions: { node: '20.0.0' },
  },
  models: [
    {
      kind: 'encoder',
      config: {},
      dims: { batch: 1, sequence: 128 },
      parameters: 109_500_000,
      steps: [
        float32,
        {
          ...float32,
          name: 'bf16',
          bytes: 219_000_000,
          run: { ...float32.run, median: 10 },
          speedup: { median: 2, low: 1.9, high: 2.1, significant: true },
          accuracy: [accuracy('y', 0.9999, 0.01), accuracy('z', 0.9, 0.2, 3)],
          gate: { fidelity: 'rounding', violations: ['z: cosine 0.900000 < 0.999'] },
          fallbacks: { ReduceMean: 25 },
        },
        { status: 'failed', name: 'bf16,int8', stage: 'load', passes: [], bytes: 1e8, message: 'no kernel\nfor a | b' },
      ],
    },
  ],
};

describe('the table of a result', () => {
  const lines = tableOf(result).split('\n');

  it('says where and on what it was measured', () => {
    expect(lines[0]).toBe('# cuda on NVIDIA X, base');
    expect(lines[2]).toBe('2026-11-23 10:00 UTC · A CPU, 8 cores, load 0.3 · NVIDIA X (driver 580.1) · Linux 6');
    expect(lines).toContain('110 M parameters · batch 1, sequence 128');
  });

  it('has a row for every step, with the worst output, and the message of what failed', () => {
    expect(lines.slice(-4, -1)).toEqual([
      '| float32 | 20.00 [19.50, 21.00] |  | 438 | 1.00× | 1.000000 | 3.0e-7 | exact | 812 |  |',
      '| bf16 | 10.00 [19.50, 21.00] | 2.00× [1.90, 2.10] | 219 | 0.50× | 0.900000 | 2.0e-1, 3 not finite | z: cosine 0.900000 < 0.999 | 812 | ReduceMean ×25 |',
      '| bf16,int8 | failed to load | | 100 | 0.23× | no kernel for a \\| b | | | | |',
    ]);
  });
});
