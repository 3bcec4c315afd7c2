/** Shuffles rules and sets of rules: their order must not change the result. */
import { biasedGelu } from '../../passes/rules/bias-gelu.js';
import { gelu } from '../../passes/rules/gelu.js';
import { groupNormSet } from '../../passes/rules/group-norm.js';
import { layerNorm } from '../../passes/rules/layer-norm.js';
import { rmsNorm } from '../../passes/rules/rms-norm.js';
import { rotary } from '../../passes/rules/rotary.js';
import { scaledSilu, silu } from '../../passes/rules/silu.js';
import { skipNormSet } from '../../passes/rules/skip-norm.js';
import { softmax } from '../../passes/rules/softmax.js';
import { softsign } from '../../passes/rules/softsign.js';
import type { Model } from '../../src/ir/model.js';
import type { TargetName } from '../../src/ir/targets/targets.js';
import { printModel } from '../../src/ir/whole-model/print.js';
import { applyRules, reportSites } from '../../src/match/apply.js';
import type { RuleSet } from '../../src/match/rule.js';
import { definePass } from '../../src/run/pass.js';
import { applyPass, generator } from '../check-pass.js';

/** The rounds of sets, each applied together, all kinds at once. The first round may make sites for the second. */
const rounds: readonly (readonly RuleSet[])[] = [
  [rotary, softmax, layerNorm, rmsNorm, groupNormSet, gelu, silu, scaledSilu, softsign],
  [skipNormSet, biasedGelu],
];

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const keys = new Map(items.map((item) => [item, random()]));
  return [...items].sort((a, b) => (keys.get(a) as number) - (keys.get(b) as number));
}

/** The model after all rules in the order of a seed, and every site with the rule and the reason; seed 0 is the order as written. */
export async function ruled(model: Model, seed: number, target: TargetName = 'webgpu'): Promise<string> {
  const random = seed === 0 ? () => 0 : generator(seed);
  const pass = definePass({
    name: 'all-rules',
    summary: 'Applies every rule.',
    fidelity: 'exact',
    needs: ['types'],
    run(given, _, context) {
      for (const sets of rounds) {
        const inAnyOrder = shuffled(sets, random).map((set) => ({ ...set, rules: shuffled(set.rules, random) }));
        reportSites(applyRules(given, inAnyOrder, context), context);
      }
    },
  });
  const { model: result, passes } = await applyPass(pass(), model, target);
  return `${printModel(result)}\n${JSON.stringify(passes[0]?.sites, undefined, 1)}`;
}
