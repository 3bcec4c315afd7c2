/** What is compared is the file that is published. */
import { lstatSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import { optimizeFile } from '../../src/job/optimize-file.js';
import { writeModel } from '../../src/onnx/write.js';
import { randomWeights } from '../check-pass.js';

describe('the file of a result', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ends-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The job, and the numbers of the files that were in the folder while the result was compared, the input aside. */
  async function run(passes: string, maxError?: number) {
    const [input, out] = [join(folder, 'model.onnx'), join(folder, 'out.onnx')];
    rmSync(out, { force: true });
    const model = buildModel({ '': 17 }, (g) => {
      const weights = g.constant(randomWeights([64, 64], 1, 0));
      g.output('y', g.op('Identity', [g.op('MatMul', [g.input('x', 'float32', ['batch', 64]), weights])]));
    });
    writeFileSync(input, await writeModel(model));
    const files = (): string[] => readdirSync(folder).filter((name) => name !== 'model.onnx');
    let compared: number[] = [];
    const onProgress = (step: string): void => {
      if (step.startsWith('comparing with')) compared = files().map((name) => statSync(join(folder, name)).ino);
    };
    const report = await optimizeFile(input, passes, {
      ...{ out, onProgress, onGate: 'report', target: 'cpu', speed: false },
      ...(maxError !== undefined && { maxError }),
    });
    return { report, compared, out, left: files() };
  }

  it('is compared before it has its name, and not written again', async () => {
    const { report, compared, out, left } = await run('simplify');
    expect(left).toEqual(['out.onnx']);
    expect(compared).toEqual([statSync(out).ino]);
    expect(report.output?.bytes).toBe(statSync(out).size);
  });

  it('takes the place of no link that came while it was compared', async () => {
    const [input, out, other] = ['model.onnx', 'linked.onnx', 'other.onnx'].map((name) => join(folder, name));
    const model = buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', [4])])));
    writeFileSync(input as string, await writeModel(model));
    const onProgress = (step: string): void => {
      if (step.startsWith('comparing with')) symlinkSync(other as string, out as string);
    };
    const done = optimizeFile(input as string, 'simplify', { out, onProgress, target: 'cpu', speed: false });
    await expect(done).rejects.toThrow('expected a path for a file; found a link');
    expect(readdirSync(folder).sort()).toEqual(['linked.onnx', 'model.onnx', 'out.onnx']);
    expect(lstatSync(out as string).isSymbolicLink()).toBe(true);
    rmSync(out as string);
  });

  it('is gone where a gate fails', async () => {
    const { report, compared, left } = await run('int8:minElements=1', 1e-9);
    expect(report.gates.some(({ passed }) => !passed)).toBe(true);
    expect(compared).toHaveLength(1);
    expect(left).toEqual([]);
  });
});
