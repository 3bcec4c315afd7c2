import { describe, expect, it } from 'vitest';
import { reportMarkdown } from '../../src/report/markdown.js';
import { reportText } from '../../src/report/text.js';
import type { Report } from '../../src/run/report/report.js';
import { sample } from './sample.js';

type Rollout = NonNullable<Report['rollout']>;

describe('reportText', () => {
  it('tells nodes that the CPU would run from those whose place is not known', () => {
    const placement: NonNullable<Report['placement']> = {
      ...{ provider: 'cuda', source: 'tables', nodes: { cuda: 3, cpu: 1 }, names: ['a', 'b', 'c'] },
      ...{ fallbacks: { Det: 1, GemmFloat8: 2 }, unplaced: { GemmFloat8: 2 }, shapeArithmetic: 0, copies: 2 },
    };
    const told = (some: Report['placement']) => reportText({ ...sample, placement: some }).replace(/\s+/g, ' ');
    const unknown = 'where 2 GemmFloat8 would run is not known: the CPU is not known to have a kernel either';
    const tables = 'by the kernel tables of cuda, which is not here';
    expect(told(placement)).toContain(`${tables}: 1 Det would run on the CPU (2 copies a run); ${unknown}`);
    expect(told({ ...placement, fallbacks: { GemmFloat8: 2 } })).toContain(`${tables}: ${unknown}`);
  });

  it('shows a whole run in aligned columns', () => {
    expect(reportText(sample)).toMatchInlineSnapshot(`
      "✓  fuse-attn  +11 MultiHeadAttention  −22 MatMul  −11 Softmax  −11 Div  −11 Add  34.2 ms
         12 rewrites (2 different), compared with what they replace; 1 refuted and not made: attention,
           relative L2 0.4 > 0.0001
         left ×1: the number of heads is not static, e.g. MatMul "/h.3/attn/MatMul_1". Freeze it.
      ✓  bf16       +230 Cast  10.4 MB → 5.20 MB                                        120 ms
         stored (×2)
      ·  simplify   nothing to do                                                      3.00 ms
      ✗  int8       rolled back                                                        12.0 ms
         relative L2 0.31 of at most 0.1 on "logits"

      nodes    1020                 →  1206     +18 %
      weights  10.4 MB              →  5.20 MB  −50 %
      opset    17, com.microsoft 1

      accuracy  cpu, 2 given sets of inputs
                max abs  rel L2    cosine      SNR            meaning
        logits   0.0012  0.0023  0.999998  52.8 dB  top-1 100 % of 40
        ids           0       0  1.000000        ∞                     NaN/Inf 0 → 2

      speed  cpu, against onnxruntime with its own optimizations on, 20 runs each
        run        12.1 ms  (10.9–14.5)  →  9.30 ms  (8.37–11.2)  1.30× (1.20–1.40)
        first run  20.0 ms               →  21.0 ms
        create      120 ms               →   130 ms

      ✓ accuracy: relative L2 0.0023, at most 0.05
      ✓ wrote model.opt.onnx (5.21 MB, 2.4 s)
      "
    `);
  });

  it('shows a rollout step by step, by how near the limit it is', () => {
    const rollout = {
      kind: 'state' as const,
      fedBack: [
        { output: 'hn', input: 'h' },
        { output: 'cn', input: 'c' },
      ],
      ...{ asked: 6, drift: [0, 1e-5, 1e-4, 0.001, 0.01, 0.4], of: 'cn', limit: 0.1, inputs: 'made up' },
      ...{ provider: 'cpu', form: 'plain' as const, source: 'made' as const },
      failure: 'after 6 steps "cn" has drifted by 0.40 (limit 0.1)',
      notes: [],
    };
    const shown = (more: Partial<Rollout>) => reportText({ ...sample, rollout: { ...rollout, ...more } }).split('\n\n');
    expect(shown({})[3]).toBe(
      'rollout  cpu, made-up inputs: 6 steps, hn → h and 1 other\n  drift of cn 0 ▁▁▂▄▆█ 0.40 (limit 0.1)',
    );
    const tokens = { prefix: 2, equal: 5, of: 6, divergence: [0, 0.01] };
    expect(shown({ kind: 'tokens', of: 'logits', tokens, drift: [0.001, null] })[3]).toContain(
      'drift of logits 0.0010 ▄█ ∞ (limit 0.1), 5 of 6 tokens agree, the first that differs at',
    );
    expect(shown({ kind: 'tokens', tokens, drift: [0.001, null] })[3]).toContain(
      'rollout  cpu, made-up inputs: 2 tokens of 3 texts, hn → h and 1 other',
    );
    expect(shown({ kind: 'denoise', psnr: 41.23 })[3]).toContain(
      'drift of the latent 0 ▁▁▂▄▆█ 0.40 (limit 0.1), PSNR 41.2 dB',
    );
    expect(shown({ kind: 'denoise', psnr: null, drift: [0] })[3]).toContain(
      'made-up inputs: 1 step, hn → h and 1 other',
    );
    expect(shown({ kind: 'denoise', psnr: null, drift: [0] })[3]).toContain('PSNR ∞');
    // Of many steps each bar shows the worst of a few.
    const many = Array.from({ length: 60 }, (_, i) => (i === 31 ? 1 : 1e-9));
    expect(shown({ drift: many })[3]).toContain(` ${'▁'.repeat(15)}█${'▁'.repeat(14)} `);
    expect(shown({ drift: [], notes: ['0 of 4 steps: one takes 31 s'] })[3]).toBe(
      'rollout  cpu, made-up inputs: 0 steps, hn → h and 1 other\n  not run\n  0 of 4 steps: one takes 31 s',
    );
    expect(reportMarkdown({ ...sample, rollout })).toContain(
      '\n\ncpu, made-up inputs: 6 steps, hn → h and 1 other: drift of cn 0 ▁▁▂▄▆█ 0.40 (limit 0.1). Inputs: made up.',
    );
  });

  it('says what was measured where a pass is tuned', () => {
    const speed = {
      ratio: 1.25,
      interval: { low: 1.1, high: 1.4 },
      significant: true,
      runs: 30,
      inputs: 'x[1,128,64]',
    };
    const layer = { block: 'encoder layer', instances: 12, nodes: 40, variant: 'fuse-attn', kept: true };
    const tuning = [
      { ...layer, kept: false, speed },
      { ...layer, variant: 'fuse-attn:op=Attention', speed: { ...speed, ratio: 1.5 } },
      { ...layer, variant: 'fuse-attn:op=GroupQueryAttention', kept: false, reason: 'no kernel' },
      { ...layer, block: 'decoder layer', instances: 6, speed: { ...speed, ratio: 1.01, significant: false } },
      { ...layer, block: 'decoder layer', instances: 6, nodes: 7, speed },
      { ...layer, block: 'model', instances: 1, reason: 'not measured, too small' },
    ];
    const passes = [{ ...sample.passes[0]!, rewrites: undefined, skips: [], tuning, tuneMs: 3210 }];
    expect(reportText({ ...sample, passes }).split('\n\n')[0]).toMatchInlineSnapshot(`
      "✓  fuse-attn  +11 MultiHeadAttention  −22 MatMul  −11 Softmax  −11 Div  −11 Add  34.2 ms
         measured in 3.2 s, against leaving it out
         one of 12 × encoder layer: 1.25× (1.10–1.40); op=Attention 1.50× (1.10–1.40), kept;
           op=GroupQueryAttention: no kernel
         one of 6 × decoder layer (40 nodes): 1.01× (1.10–1.40), not significant, kept
         one of 6 × decoder layer (7 nodes): 1.25× (1.10–1.40), kept
         model: not measured, too small, kept"
    `);
    expect(reportMarkdown({ ...sample, passes })).toContain(
      '- `fuse-attn`: one of 6 × decoder layer (40 nodes): 1.01× (1.10–1.40), not significant, kept\n',
    );
    const [pass] = passes;
    expect(reportText({ ...sample, passes: [{ ...pass!, tuning: [] }] })).toContain(
      '\n   not measured: on a single block',
    );
    expect(reportText({ ...sample, passes: [{ ...pass!, tuning: [], status: 'unchanged' }] })).not.toContain(
      'measured',
    );
  });

  it('shows times that are as far apart as the ratio beside them, and shortens what is long', () => {
    const clock = (ratio: number, original: number, result: number) => ({
      ...{ ratio, interval: { low: ratio - 0.02, high: ratio + 0.02 }, significant: true, pairs: 20 },
      times: { original, result },
    });
    const speed = {
      ...sample.speed!,
      cpu: { ...clock(1.3, 20, 15.4), threads: 'one' as const },
      wall: clock(1.25, 10, 8),
    };
    expect(reportText({ ...sample, speed })).toContain(
      'run              10.0 ms    →  8.00 ms    1.25× by the clock (1.23–1.27)',
    );
    expect(reportMarkdown({ ...sample, speed })).toContain('| run | 10.0 ms | 8.00 ms | 1.25× by the clock |');
    const forms: Report['accuracy'] = { ...sample.accuracy!, forms: ['plain', 'emulated', 'optimized'] };
    const outputs = [{ ...forms.outputs[0]!, name: `${'a'.repeat(40)}${'b'.repeat(40)}` }];
    const text = reportText({ ...sample, accuracy: { ...forms, outputs } }, { width: 160 });
    expect(text).toContain(
      "sets of inputs; run plain, emulated (16 bits rounded, integer sums exact) and with the runtime's optimizations\n",
    );
    expect(text).toContain(`\n  ${'a'.repeat(24)}…${'b'.repeat(23)}  `);
  });

  it('says what did not happen', () => {
    const { accuracy, speed, output, ...rest } = sample;
    const gates = [{ name: 'speed' as const, passed: false, detail: '0.9×, at least 1.2×' }];
    const text = reportText({ ...rest, gates, passes: [], verification: { level: 'none' } });
    expect(text).toMatchInlineSnapshot(`
      "nodes    1020                 →  1206     +18 %
      weights  10.4 MB              →  5.20 MB  −50 %
      opset    17, com.microsoft 1

      ✗ speed: 0.9×, at least 1.2×
      not verified: nothing was run
      ✗ nothing written
      "
    `);
  });

  it('does not call a gate passed that nothing was held against', () => {
    const accuracy = {
      ...sample.accuracy!,
      outputs: [],
      notCompared: [{ name: '', reason: 'the original does not run' }],
    };
    const gates = [{ name: 'accuracy' as const, passed: true, detail: 'not compared: the original does not run' }];
    const text = reportText({ ...sample, accuracy, gates });
    expect(text).toContain('\n? accuracy: not compared: the original does not run\n');
    expect(text).toContain('\n  not compared: the original does not run\n');
  });

  it('marks what became slower, and shows the files where their sizes are known', () => {
    const speed = sample.speed && { ...sample.speed, ratio: 0.8, significant: true };
    const text = reportText({ ...sample, speed, inputBytes: 10_420_000 });
    expect(text).toContain('! 0.80×, slower');
    expect(text).toMatch(/\nfile +10\.4 MB +→ +5\.21 MB +−50 %\n/);
  });

  it('says why nothing was timed, and what there was no time for', () => {
    const { speed, ...rest } = sample;
    const report = { ...rest, notTimed: '1.00×, same bytes', cuts: ['1 of 2 sets of inputs', 'the rollout'] };
    expect(reportText(report)).toContain('\nspeed  1.00×, same bytes\n');
    expect(reportText(report)).toContain(
      '\n! left out for lack of time (--time-budget): 1 of 2 sets of inputs; the rollout\n',
    );
    expect(reportMarkdown(report)).toContain('<details><summary>Speed</summary>\n\n1.00×, same bytes.\n');
    expect(reportMarkdown(report)).toContain('(`--time-budget`): 1 of 2 sets of inputs; the rollout.\n');
  });

  it('colours only where asked, and then changes nothing else', () => {
    const code = String.fromCharCode(27);
    expect(reportText(sample)).not.toContain(code);
    const coloured = reportText(sample, { isColoured: true });
    expect(coloured).toContain(`${code}[32m✓`);
    expect(coloured.replaceAll(new RegExp(`${code}\\[\\d+m`, 'g'), '')).toBe(reportText(sample));
  });

  it('breaks long texts at the width', () => {
    const skips = [{ reason: 'word '.repeat(40).trim(), count: 2, places: [] }];
    const passes = [{ ...sample.passes[2]!, skips }];
    for (const line of reportText({ ...sample, passes }, { width: 60 })
      .split('\n')
      .slice(0, 6))
      expect(line.length).toBeLessThanOrEqual(60);
  });
});
