/**
 * Counts what `full-graph` leaves on the CPU, by the tables of kernels: for every model of the collection beside the repository and the generated miniatures, after
 * `exact` and after `exact,full-graph`: `npm run bench:placement [-- --target webgpu --confirm]`. With `--confirm` the runtime places originals and results too (a
 * GPU, one in software, or hollow CUDA), and nodes that are elsewhere than predicted are listed. Writes bench/results/<date>-placement; the part of a target that is not
 * asked for stays.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { generate, kindNames } from '../fixtures/kinds.js';
import { inferTypes } from '../src/infer/index.js';
import type { Model } from '../src/ir/model.js';
import { runsThere } from '../src/ir/targets/placed-node.js';
import { type Accelerator, accelerators } from '../src/ir/targets/targets.js';
import { readModel } from '../src/onnx/read.js';
import { writeModel } from '../src/onnx/write.js';
import { optimize } from '../src/optimize.js';
import { placedOf } from '../src/runtime/kernels/probe/placed.js';
import { placedNodes } from '../src/runtime/placed-nodes.js';
import { placementByTables } from '../src/validate/placement-by-tables.js';
import { collection, modelFolders } from '../test/models.js';
import { root } from './usage.js';

interface Count {
  readonly fallbacks: number;
  readonly copies: number;
}
interface Row {
  readonly model: string;
  readonly before: Count;
  readonly after: Count;
  /** The nodes that stay on the CPU, with the reasons of the pass. */
  readonly left: readonly { readonly reason: string; readonly count: number }[];
}

async function* models(): AsyncIterable<readonly [string, Model]> {
  for (const kind of kindNames) yield [kind, generate(kind, 'miniature', 1).model];
  for (const folder of modelFolders(collection('zoo')))
    yield [relative(collection('zoo'), folder), await readModel(join(folder, 'model.onnx'))];
}

const countOf = (model: Model, target: Accelerator): Count => {
  const { names, copies } = placementByTables(model, target);
  return { fallbacks: names.length, copies };
};

/** Where the runtime places the nodes of models, held against the prediction. */
interface Confirmed {
  /** Compared: shape arithmetic, whose place the tables leave open, is counted apart. */
  readonly models: number;
  readonly nodes: number;
  readonly shapeArithmetic: number;
  readonly otherwise: readonly string[];
  /** Models that the runtime does not load: what it placed before it refused is compared all the same. */
  readonly refused: readonly string[];
}

/** Has the runtime place models. Every node gets a name of its own before. */
async function confirm(models: readonly (readonly [string, Model])[], target: Accelerator): Promise<Confirmed> {
  const folder = mkdtempSync(join(tmpdir(), 'placement-'));
  try {
    const files: string[] = [];
    for (const [, model] of models) {
      let count = 0;
      for (const graph of model.graphs()) for (const node of graph.nodes()) node.name = `node_${count++}`;
      files.push(join(folder, `${files.length}.onnx`));
      writeFileSync(files.at(-1) as string, await writeModel(model));
    }
    const placed = await placedOf(files.length, (index) => files[index], { provider: target });
    const found = { models: 0, nodes: 0, shapeArithmetic: 0, otherwise: [] as string[], refused: [] as string[] };
    for (const [index, [name, model]] of models.entries()) {
      const { names = {}, all, error } = placed[index] ?? {};
      if (error) found.refused.push(`${name}: ${error.slice(0, 160)}`);
      const own = new Map(Object.entries(names).flatMap(([provider, list]) => list.map((node) => [node, provider])));
      if (own.size === 0 && all === undefined) continue;
      found.models++;
      inferTypes(model);
      for (const { node, state } of placedNodes(model, target)) {
        const provider = own.get(node.name) ?? all;
        if (provider === undefined) continue;
        if (state === 'shape arithmetic') found.shapeArithmetic++;
        else found.nodes++;
        if (state === 'shape arithmetic' || (provider !== 'CPUExecutionProvider') === runsThere(state)) continue;
        found.otherwise.push(`${name}: ${node.opType} is on ${provider}`);
      }
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Section {
  readonly target: Accelerator;
  readonly confirmed?: Confirmed;
  readonly models: readonly Row[];
}

const { values } = parseArgs({
  options: { target: { type: 'string', multiple: true, default: [...accelerators] }, confirm: { type: 'boolean' } },
});
const date = new Date().toISOString();
const path = join(root, 'bench/results', `${date.slice(0, 10)}-placement`);
const known: readonly Section[] = existsSync(`${path}.json`)
  ? JSON.parse(readFileSync(`${path}.json`, 'utf8')).targets
  : [];
const targets: Section[] = [];
for (const target of accelerators) {
  const kept = known.find((section) => section.target === target);
  if (!values.target.includes(target)) {
    if (kept) targets.push(kept);
    continue;
  }
  const [rows, results]: [Row[], [string, Model][]] = [[], []];
  for await (const [name, source] of models()) {
    const options = { verify: 'none', target } as const;
    const exact = await optimize(source, 'exact', options);
    const { model, report } = await optimize(source, 'exact,full-graph', options);
    const left = (report.passes.at(-1)?.skips ?? []).map(({ reason, count }) => ({ reason, count }));
    rows.push({ model: name, before: countOf(exact.model, target), after: countOf(model, target), left });
    results.push([`${name}, as it is`, source], [`${name}, exact,full-graph`, model]);
  }
  const confirmed = values.confirm ? await confirm(results, target) : undefined;
  targets.push({ target, ...(confirmed && { confirmed }), models: rows });
}

const sum = (rows: readonly Row[], at: 'before' | 'after', of: keyof Count): number =>
  rows.reduce((total, row) => total + row[at][of], 0);
const confirmedLines = ({ models: count, nodes, shapeArithmetic, otherwise, refused }: Confirmed): string[] => [
  `The runtime placed ${nodes} nodes of ${count} models (each as it is and after exact,full-graph), ${otherwise.length} of them elsewhere than predicted; ${shapeArithmetic} more are shape arithmetic, which it may leave on either.`,
  '',
  ...otherwise.map((text) => `- ${text}`),
  ...refused.map((text) => `- not loaded: ${text}`),
  '',
];
const lines = targets.flatMap(({ target, models: rows, confirmed }) => {
  const some = (at: 'before' | 'after') => rows.filter((row) => row[at].fallbacks > 0 || row[at].copies > 0).length;
  const reasons = new Map<string, { nodes: number; models: number }>();
  for (const { left } of rows)
    for (const { reason, count } of left) {
      const known = reasons.get(reason) ?? { nodes: 0, models: 0 };
      reasons.set(reason, { nodes: known.nodes + count, models: known.models + 1 });
    }
  return [
    `## ${target}`,
    '',
    `| ${rows.length} models | after exact | after exact,full-graph |`,
    '| --- | --- | --- |',
    `| models with a fallback or a copy | ${some('before')} | ${some('after')} |`,
    `| nodes that fall back | ${sum(rows, 'before', 'fallbacks')} | ${sum(rows, 'after', 'fallbacks')} |`,
    `| copies a run, ports aside | ${sum(rows, 'before', 'copies')} | ${sum(rows, 'after', 'copies')} |`,
    '',
    ...(confirmed ? confirmedLines(confirmed) : []),
    '| what stays | nodes | models |',
    '| --- | --- | --- |',
    ...[...reasons]
      .sort(([, a], [, b]) => b.models - a.models)
      .map(([reason, { nodes, models: count }]) => `| ${reason} | ${nodes} | ${count} |`),
    '',
  ];
});
writeFileSync(`${path}.json`, `${JSON.stringify({ date, targets }, undefined, 1)}\n`);
writeFileSync(`${path}.md`, [`# What runs on the CPU instead, by the tables of kernels`, '', ...lines].join('\n'));
process.stdout.write(`${lines.join('\n')}\n`);
