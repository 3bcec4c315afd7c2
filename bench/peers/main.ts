/** Compares int8 with every setting of onnxruntime's quantize_dynamic: speed, error and bytes, `npm run bench:peers`. */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { median, quantile } from '../../src/validate/speed/statistics.js';
import { machineState } from '../machine.js';
import { ratioOf } from '../statistics.js';
import { root } from '../usage.js';
import { Contender, plainOutputs } from './contender.js';
import { quantizedByPeers } from './peers.js';
import { type Subject, subjects } from './subjects.js';
import { type Comparison, type Comparisons, type Row, textOf } from './table.js';

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: 'bert-base,decoder-base,gpt2-past,PP-OCRv4_rec,oww-hey_jarvis,silero-v6' },
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '15' },
    shared: { type: 'string', default: join(root, '../shared') },
    output: { type: 'string', default: join(root, 'bench/results') },
  },
});
const rounds = Number(values.rounds);
/** Milliseconds of CPU time, about, for the sample of one round. */
const SAMPLE_MS = 200;

/** What this library makes. */
const results = [
  { name: 'int8', passes: 'int8' },
  { name: 'int8 for CPUs with VNNI', passes: 'int8', targetCpu: 'vnni' },
  { name: 'int8:activations=row', passes: 'int8:activations=row' },
  { name: 'exact,int8', passes: 'exact,int8' },
] as const;
const givenInputs = [
  { name: 'int8, inputs given', passes: 'int8' },
  { name: 'int8:static, inputs given', passes: 'int8:static=true' },
] as const;

async function compared(subject: Subject): Promise<{ comparison: Comparison; peers: string | undefined }> {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-peers-'));
  const contenders: Contender[] = [];
  try {
    const { path, sets } = await subject.prepare(folder);
    const float = new Contender('float32', path);
    // The same file twice: what the measurement makes of no difference.
    contenders.push(float, new Contender('float32 once more', path));
    const source = await readModel(path);
    const { inputs } = subject;
    const asked = [...results, ...(inputs ? givenInputs.map((one) => ({ ...one, inputs })) : [])];
    for (const [at, { name, passes, ...options }] of asked.entries()) {
      const { model } = await optimize(source, passes, { target: 'cpu', verify: 'none', ...options });
      const out = join(folder, `own-${at}.onnx`);
      await writeModel(model, out);
      contenders.push(new Contender(name, out));
    }
    const own = contenders.length;
    const peers = await quantizedByPeers(values.python, path, folder).catch((error: Error) => {
      process.stderr.write(`quantize_dynamic was not there: ${error.message.split('\n')[0]}\n`);
      return undefined;
    });
    for (const file of peers?.files ?? []) {
      const peer = new Contender(file.name, file.path);
      peer.failure = file.failure;
      contenders.push(peer);
    }
    const wanted = await plainOutputs(path, sets);
    for (const one of contenders) await one.begin(sets, wanted, SAMPLE_MS);
    // Round after round, in an order that rotates: what else the machine does meets all alike.
    for (let round = 0; round < rounds; round++)
      for (let i = 0; i < contenders.length; i++)
        await (contenders[(round + i) % contenders.length] as Contender).sample(sets[0] as (typeof sets)[number]);
    const row = ({ name, path: file, error, failure, samples }: Contender, at: number): Row => ({
      name,
      isPeer: at >= own,
      bytes: statSync(file, { throwIfNoEntry: false })?.size,
      error: failure || Number.isNaN(error) ? undefined : error,
      cpu: failure || at === 0 ? undefined : ratioOf(float.samples.cpu, samples.cpu),
      wall: failure || at === 0 ? undefined : ratioOf(float.samples.wall, samples.wall),
      failure,
    });
    const { cpu, wall } = float.samples;
    const { name: model, about } = subject;
    const times = { least: quantile(wall, 0), median: median(wall), cpu: median(cpu) };
    return {
      comparison: { model, about, sets: sets.length, float: times, rows: contenders.map(row) },
      peers: peers?.version,
    };
  } finally {
    for (const one of contenders) await one.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

const machine = await machineState();
const date = new Date().toISOString();
const wanted = values.models.split(',');
const comparisons: Comparison[] = [];
let version: string | undefined;
for (const subject of subjects(values.shared)) {
  if (!wanted.includes(subject.name)) continue;
  process.stderr.write(`${subject.name}\n`);
  const { comparison, peers } = await compared(subject);
  comparisons.push(comparison);
  version ??= peers;
}
const all: Comparisons = { date, machine, peers: version, rounds, comparisons };
mkdirSync(values.output, { recursive: true });
const base = join(values.output, `${date.slice(0, 10)}-peers`);
writeFileSync(`${base}.json`, `${JSON.stringify({ version: 1, ...all }, undefined, 2)}\n`);
writeFileSync(`${base}.md`, textOf(all));
process.stdout.write(textOf(all));
