/**
 * What optimizing a file takes and makes, by this library and by other tools: `npm run bench:tools -- --python python3`. Build first; Linux only. Each run is a
 * process of its own, from a file to a file. Tools in turn, round after round.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readModel } from '../../src/onnx/read.js';
import { table } from '../../src/report/markdown/fold.js';
import { median } from '../../src/validate/speed/statistics.js';
import { machineState } from '../machine.js';
import { type TreeUsage, treeUsage } from '../tree-usage.js';
import { root } from '../usage.js';
import { Contender, plainOutputs } from './contender.js';
import { subjects } from './subjects.js';

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: 'bert-base,gpt2-past' },
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '2' },
    shared: { type: 'string', default: join(root, '../shared') },
    output: { type: 'string', default: join(root, 'bench/results') },
  },
});

/** What this library does: the words of the command after both files. */
const own: Readonly<Record<string, readonly string[]>> = {
  exact: ['--no-validate'],
  'exact, proven': [],
  'exact,fp16': ['--passes', 'exact,fp16', '--no-validate'],
  int8: ['--passes', 'int8', '--no-validate'],
};

/** What other tools do: the lines of Python between `source`, `out` and the end. */
const peers: Readonly<Record<string, string>> = {
  'onnxscript optimize': `
import onnx, onnxscript.optimizer
onnx.save(onnxscript.optimizer.optimize(onnx.load(source)), out)`,
  'onnxruntime, all optimizations': `
import onnxruntime as ort
options = ort.SessionOptions()
options.optimized_model_filepath = out
ort.InferenceSession(source, options, providers=['CPUExecutionProvider'])`,
  'onnxruntime.transformers': `
from onnxruntime.transformers.optimizer import optimize_model
optimize_model(source, model_type='bert').save_model_to_file(out)`,
  'onnxruntime float16': `
import onnx
from onnxruntime.transformers.float16 import convert_float_to_float16
onnx.save(convert_float_to_float16(onnx.load(source), keep_io_types=True), out)`,
  quantize_dynamic: `
from onnxruntime.quantization import quantize_dynamic
quantize_dynamic(source, out)`,
};

interface Tool {
  readonly name: string;
  words(source: string, out: string): readonly [program: string, words: readonly string[]];
}

const tools: readonly Tool[] = [
  ...Object.entries(own).map(
    ([name, more]): Tool => ({
      name,
      words: (source, out) => [
        process.execPath,
        [join(root, 'dist/cli.js'), source, '-o', out, '--quiet', '--force', ...more],
      ],
    }),
  ),
  ...Object.entries(peers).map(
    ([name, lines]): Tool => ({
      name,
      words: (source, out) => [
        values.python,
        ['-c', `import sys\nsource, out = sys.argv[1:]\n${lines.trim()}`, source, out],
      ],
    }),
  ),
];

interface Outcome {
  readonly name: string;
  readonly usages: TreeUsage[];
  nodes?: number;
  bytes?: number;
  /** Relative L2 of the worst output against the source, on the runtime with all its optimizations. */
  error?: number;
  failure?: string;
}

async function compared(source: string, sets: Parameters<Contender['begin']>[0], folder: string): Promise<Outcome[]> {
  const outcomes = tools.map(({ name }): Outcome => ({ name, usages: [] }));
  const place = (at: number): string => join(folder, `tool-${at}.onnx`);
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome.failure !== undefined) continue;
      try {
        outcome.usages.push(await treeUsage(...(tools[at] as Tool).words(source, place(at)), folder));
      } catch (error) {
        outcome.failure = (error as Error).message.trim().split('\n').at(-1) as string;
      }
    }
  const wanted = await plainOutputs(source, sets);
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.failure !== undefined) continue;
    outcome.bytes = statSync(place(at)).size;
    const made = new Contender(outcome.name, place(at));
    await made.begin(sets, wanted, 1);
    await made.end();
    if (made.failure === undefined) outcome.error = made.error;
    else outcome.failure = `its model does not run: ${made.failure}`;
    const model = await readModel(place(at)).catch(() => undefined);
    if (model) outcome.nodes = [...model.graphs()].reduce((sum, { nodeSet }) => sum + nodeSet.size, 0);
    rmSync(place(at), { force: true });
  }
  return outcomes;
}

const spread = (list: readonly number[], digits: number): string =>
  list.length === 0
    ? ''
    : `${median(list).toFixed(digits)} (${Math.min(...list).toFixed(digits)} to ${Math.max(...list).toFixed(digits)})`;

const rowOf = ({ name, usages, nodes, bytes, error, failure }: Outcome): string[] => [
  name,
  spread(
    usages.map(({ cpuMs }) => cpuMs / 1000),
    1,
  ),
  spread(
    usages.map(({ peakBytes }) => peakBytes / 1e6),
    0,
  ),
  String(nodes ?? ''),
  bytes === undefined ? '' : (bytes / 1e6).toPrecision(3),
  failure ?? error?.toPrecision(2) ?? '',
];

const date = new Date().toISOString();
const wanted = values.models.split(',');
const found: { model: string; nodes: number; bytes: number; outcomes: Outcome[] }[] = [];
for (const subject of subjects(values.shared)) {
  if (!wanted.includes(subject.name)) continue;
  const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-tools-'));
  try {
    const { path, sets } = await subject.prepare(folder);
    const { graph } = await readModel(path);
    const outcomes = await compared(path, sets, folder);
    found.push({ model: subject.name, nodes: graph.nodeSet.size, bytes: statSync(path).size, outcomes });
    process.stderr.write(`${subject.name}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const machine = await machineState();
const head = ['tool', 'CPU, s', 'peak MB', 'nodes', 'MB', 'relative L2'];
const parts = found.flatMap(({ model, nodes, bytes, outcomes }) => [
  `\n## ${model}: ${nodes} nodes, ${(bytes / 1e6).toPrecision(3)} MB\n`,
  ...table(head, outcomes.map(rowOf)),
]);
const text = `# What optimizing takes, by tool

${date.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpu}, ${machine.available} cores, load ${Math.round(machine.load)} · ${machine.os} · node ${process.version}

CPU time and the largest sum of resident sets of all processes of one run from a file to a file, start included: median and range of ${values.rounds} runs in turn. The error is that of the worst output of what was made, run with all of onnxruntime's own optimizations, against the source without them. \`exact, proven\` is the default command: it runs both models and compares them; no other row does.
${parts.join('\n')}
`;
mkdirSync(values.output, { recursive: true });
const base = join(values.output, `${date.slice(0, 10)}-tools`);
writeFileSync(
  `${base}.json`,
  `${JSON.stringify({ version: 1, date, machine, rounds: values.rounds, found }, undefined, 1)}\n`,
);
writeFileSync(`${base}.md`, text);
process.stdout.write(text);
process.exit();
