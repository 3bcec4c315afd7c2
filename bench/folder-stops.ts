/**
 * Kills runs over a folder of three parts at random moments and checks what is there, and that the next run completes: `npm run bench:folder-stops`.
 * Half of the runs make a new folder, half renew the result of other passes.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFolder } from '../fixtures/folders.js';
import { Random } from '../src/validate/inputs/random.js';
import { root } from './usage.js';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '20' }, seed: { type: 'string', default: '0' } },
});
const place = mkdtempSync(join(tmpdir(), 'folder-stops-'));
const at = (name: string): string => join(place, name);

/** Runs the command, ended by SIGKILL after some milliseconds where they are given. True where it came to its end. */
function run(out: string, passes: string, killedAfter?: number): Promise<boolean> {
  const words = [join(root, 'dist/cli.js'), at('in'), '-o', at(out), '--passes', passes, '--no-validate', '--quiet'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  const timer = killedAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killedAfter);
  return new Promise((resolve) =>
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    }),
  );
}

/** Digests by path; the record has times in it. */
const contents = (folder: string): Map<string, string> =>
  new Map(
    readdirSync(at(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== '.onnx-passes.json')
      .map((entry) => join(entry.parentPath, entry.name))
      .map(
        (path) =>
          [path.slice(at(folder).length + 1), createHash('sha256').update(readFileSync(path)).digest('hex')] as const,
      )
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const isSame = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  JSON.stringify([...a]) === JSON.stringify([...b]);

/** Models that stand beside data of another result, or are of none. */
function halfModels(found: ReadonlyMap<string, string>, results: readonly ReadonlyMap<string, string>[]): string[] {
  const filesOf = (path: string, all: ReadonlyMap<string, string>): [string, string][] =>
    [...all].filter(([one]) => one === path || one.startsWith(`${path}_data`));
  return [...found.keys()]
    .filter((path) => path.endsWith('.onnx'))
    .filter((path) => {
      const own = new Map(filesOf(path, found));
      return !results.some((result) => {
        const wanted = filesOf(path, result);
        return wanted.length > 0 && wanted.every(([one, digest]) => own.get(one) === digest);
      });
    });
}

try {
  await writeFolder('sd15', at('in'));
  const began = performance.now();
  if (!(await run('new', 'half')) || !(await run('old', 'exact'))) throw new Error('expected both runs to end well');
  const wholeMs = (performance.now() - began) / 2;
  const [old, result] = [contents('old'), contents('new')];
  const random = Random.of(Number(values.seed), 'moments');
  const found = { ended: 0, absent: 0, old: 0, new: 0, between: 0, half: 0, incomplete: 0, left: 0 };
  for (let kill = 0; kill < Number(values.kills); kill++) {
    const isRenewed = kill % 2 === 1;
    if (isRenewed) cpSync(at('old'), at('out'), { recursive: true, preserveTimestamps: true });
    if (await run('out', 'half', random.int(0, Math.round(wholeMs)))) found.ended++;
    const there = existsSync(at('out')) ? contents('out') : undefined;
    found[!there ? 'absent' : isSame(there, old) ? 'old' : isSame(there, result) ? 'new' : 'between']++;
    found.half += there ? halfModels(there, [old, result]).length : 0;
    const isWhole = (await run('out', 'half')) && isSame(contents('out'), result);
    if (!isWhole) found.incomplete++;
    found.left += readdirSync(place).filter((name) => name.startsWith('.')).length;
    rmSync(at('out'), { recursive: true, force: true });
  }
  process.stdout.write(
    `${values.kills} runs of about ${Math.round(wholeMs)} ms killed at random moments (seed ${values.seed}): ${JSON.stringify(found)}\n`,
  );
  if (found.half + found.incomplete + found.left > 0) process.exitCode = 1;
} finally {
  rmSync(place, { recursive: true, force: true });
}
