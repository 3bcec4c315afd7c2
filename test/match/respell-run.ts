/** Runs a fusion on respelled formulas, and says of each whether it was found, missed with a reason, silent or wrong. */
import { fuseAct } from '../../passes/fuse-act.js';
import { fuseNorm } from '../../passes/fuse-norm.js';
import { simplify } from '../../passes/simplify.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { writeModel } from '../../src/onnx/write.js';
import { applyPasses, generator, opCounts, randomFeeds, randomWeights, relativeError } from '../check-pass.js';
import { runModel } from '../run-model.js';
import { build, columns, type Formula, formulas, type Random, respelled, text, WIDTH } from './respell.js';

export type Outcome = 'found' | 'missed' | 'silent' | 'wrong';

export interface Respelling {
  readonly outcome: Outcome;
  readonly formula: string;
  /** Why it was missed, or is wrong. */
  readonly reason?: string;
}

/** Float32 with sums in another order, numbers moved through sums and back included: relative to the largest. */
const NOISE = 1e-3;
const kernels = /Gelu|LayerNormalization|RMSNormalization/;

/** One respelling of a formula by the laws of a column. */
export async function respell(name: string, column: string, random: Random): Promise<Respelling> {
  const { of, kind } = formulas[name] as (typeof formulas)[string];
  const formula = respelled(of, columns[column] ?? [], 3 + Math.floor(random() * 14), random);
  const isNorm = kind.endsWith('norm');
  const before = modelOf(formula, random() < 0.5);
  // Half of them as they are, half with their constants folded before.
  const fusion = isNorm ? fuseNorm() : fuseAct();
  const { model, passes } = await applyPasses(random() < 0.5 ? [fusion] : [simplify(), fusion], before);
  const sites = (passes.at(-1)?.sites ?? []).filter((site) => site.kind !== 'biased GELU');
  const said = { formula: text(formula) };
  const other = sites.find((site) => site.kind !== kind);
  if (other) return { ...said, outcome: 'wrong', reason: `reported as ${other.kind}` };
  const isFound = sites.length > 0 && sites.every(({ fused }) => fused);
  if (!isFound) return { ...said, outcome: sites.length > 0 ? 'missed' : 'silent', reason: sites[0]?.reason };
  const left = Object.entries(opCounts(model)).filter(([op]) => !kernels.test(op) && op !== 'Add');
  if (left.length > 0) return { ...said, outcome: 'missed', reason: `left: ${left.map(([op]) => op).join(', ')}` };
  const feeds = randomFeeds(before);
  const [actual, expected] = [
    await runModel(await writeModel(model), feeds),
    await runModel(await writeModel(before), feeds),
  ];
  const error = relativeError(actual['y'] as never, expected['y'] as never);
  return error <= NOISE ? { ...said, outcome: 'found' } : { ...said, outcome: 'wrong', reason: `an error of ${error}` };
}

/** y = f(x), of an input or of a sum, as after a residual. */
const modelOf = (formula: Formula, isSum: boolean): Model =>
  buildModel({ '': 17 }, (g) => {
    const input = g.input('x', 'float32', ['batch', 3, WIDTH]);
    const x = isSum ? g.op('Add', [input, g.constant(randomWeights([WIDTH], 1, 9))]) : input;
    g.output('y', build(g, formula, x));
  });

/** How many respellings of each formula by the laws of each column came out how, and those that were not found. */
export async function respellings(count: number, seed: number, names = Object.keys(formulas)) {
  const counts: Record<string, Record<string, Record<Outcome, number>>> = {};
  const others: (Respelling & { readonly name: string; readonly column: string })[] = [];
  for (const name of names)
    for (const column of Object.keys(columns)) {
      const random = generator(seed);
      const found = { found: 0, missed: 0, silent: 0, wrong: 0 };
      for (let i = 0; i < count; i++) {
        const one = await respell(name, column, random);
        found[one.outcome]++;
        if (one.outcome !== 'found') others.push({ name, column, ...one });
      }
      (counts[name] ??= {})[column] = found;
    }
  return { counts, others };
}
