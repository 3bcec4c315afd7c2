/** Runs the built command on files that ask for absurd amounts of work: each ends in a process with little memory. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { hostile } from '../../fixtures/hostile/index.js';
import { cli, Workplace } from './run-cli.js';

const workplace = new Workplace();
afterAll(() => workplace.remove());

const peak = new URL('../../bench/peak.mjs', import.meta.url).href;
/** Prints at the end the most bytes that the process used. */
const SAY = `data:text/javascript,import { peakBytes } from '${peak}'; process.on('exit', () => console.error('peak', peakBytes()))`;

/** A process that hangs is killed after this time; no time is asserted. */
const HANG_MS = 100_000;

function runIn(megabytes: number, words: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const flags = [`--max-old-space-size=${megabytes}`, '--import', SAY];
  const child = spawn(process.execPath, [...flags, cli, ...words], { cwd: workplace.folder, timeout: HANG_MS });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.resume();
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
}

describe('a file of a few kilobytes', () => {
  it.concurrent.each([
    ['norm-2e31', ['--passes', 'exact', '--no-validate']],
    ['calls-2e40', ['--passes', 'half', '--no-validate']],
    ['siblings-many', ['--passes', 'quarter', '--no-validate']],
    ['doubling-where-softmax', ['--passes', 'exact', '--no-validate']],
    ['dims-squares', ['inspect']],
    ['loop-forever-doubles', ['--passes', 'exact', '--budget', 'run-bytes=100000000']],
  ])('is done with in 500 MB: %s', async (name, words) => {
    writeFileSync(workplace.path(`${name}.onnx`), hostile[name]?.() as Uint8Array);
    const [first = '', ...rest] = words;
    const command = first === 'inspect' ? [first, `${name}.onnx`, ...rest] : [`${name}.onnx`, ...words];
    const { code, stderr } = await runIn(150, command);
    expect(stderr).not.toContain('    at ');
    // The command succeeded, refused in one line, or did not compare.
    expect([0, 1, 6]).toContain(code);
    expect(Number(/^peak (\d+)$/m.exec(stderr)?.[1])).toBeLessThan(500e6);
  });
});
