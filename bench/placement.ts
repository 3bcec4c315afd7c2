/**
 * Counts what `full-graph` leaves on the CPU, by the tables of kernels: for every model of the collection beside the repository and the generated miniatures, after
 * `exact` and after `exact,full-graph`: `npm run bench:placement [-- --confirm webgpu]`. With `--confirm` the runtime places the results too (a GPU, one in
 * software, or hollow CUDA), and nodes that are elsewhere than predicted are listed. Writes bench/results/<date>-placement.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

/** Names the nodes that the runtime places elsewhere than the tables say. */
async function otherwise(results: readonly Model[], target: Accelerator): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'placement-'));
  try {
    const files: string[] = [];
    for (const model of results) {
      files.push(join(folder, `${files.length}.onnx`));
      writeFileSync(files.at(-1) as string, await writeModel(model));
    }
    const placed = await placedOf(files.length, (index) => files[index], { provider: target });
    return results.flatMap((model, index) => {
      const { names = {}, all, error } = placed[index] ?? {};
      if (error) return [];
      const own = new Map(Object.entries(names).flatMap(([provider, list]) => list.map((name) => [name, provider])));
      inferTypes(model);
      // A name that several nodes have identifies none of them.
      const counts = new Map<string, number>();
      for (const graph of model.graphs())
        for (const { name } of graph.nodes()) counts.set(name, (counts.get(name) ?? 0) + 1);
      return [...placedNodes(model, target)].flatMap(({ node, state }) => {
        const provider = own.get(node.name) ?? all;
        if (!node.name || counts.get(node.name) !== 1 || provider === undefined || state === 'shape arithmetic')
          return [];
        return (provider !== 'CPUExecutionProvider') === runsThere(state) ? [] : [`${node.name} on ${provider}`];
      });
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { confirm: { type: 'string', multiple: true, default: [] } } });
const targets = [];
for (const target of accelerators) {
  const [rows, results]: [Row[], Model[]] = [[], []];
  for await (const [name, source] of models()) {
    const options = { verify: 'none', target } as const;
    const exact = await optimize(source, 'exact', options);
    const { model, report } = await optimize(source, 'exact,full-graph', options);
    const left = (report.passes.at(-1)?.skips ?? []).map(({ reason, count }) => ({ reason, count }));
    rows.push({ model: name, before: countOf(exact.model, target), after: countOf(model, target), left });
    results.push(model);
  }
  const confirmed = values.confirm.includes(target) ? await otherwise(results, target) : undefined;
  targets.push({ target, ...(confirmed && { placedOtherwise: confirmed }), models: rows });
}

const sum = (rows: readonly Row[], at: 'before' | 'after', of: keyof Count): number =>
  rows.reduce((total, row) => total + row[at][of], 0);
const date = new Date().toISOString();
const lines = targets.flatMap(({ target, models: rows, placedOtherwise }) => {
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
    ...(placedOtherwise ? [`| nodes that the runtime places otherwise | | ${placedOtherwise.length} |`] : []),
    '',
    '| what stays | nodes | models |',
    '| --- | --- | --- |',
    ...[...reasons]
      .sort(([, a], [, b]) => b.models - a.models)
      .map(([reason, { nodes, models: count }]) => `| ${reason} | ${nodes} | ${count} |`),
    '',
  ];
});
const path = join(root, 'bench/results', `${date.slice(0, 10)}-placement`);
writeFileSync(`${path}.json`, `${JSON.stringify({ date, targets }, undefined, 1)}\n`);
writeFileSync(`${path}.md`, [`# What runs on the CPU instead, by the tables of kernels`, '', ...lines].join('\n'));
process.stdout.write(`${lines.join('\n')}\n`);
