/** A rule, or a set of rules for one kind of site, as a pass of its own. */

import { foundText, UsageError } from '../ir/text/usage-error.js';
import { applyRules, reportSites } from '../match/apply.js';
import { isRule, isRuleSet, type Rule, type RuleSet } from '../match/rule.js';
import { definePass, type PassFactory } from './pass.js';

const known = new WeakMap<object, PassFactory>();

/**
 * The pass that applies a rule everywhere and reports every site. It is called as the rule is, or as the set's noun in kebab case, and
 * promises what an exact pass does: the same algebra. Throws UsageError for what is no rule.
 */
export function passOf(rules: Rule | RuleSet): PassFactory {
  if (!isRule(rules) && !isRuleSet(rules))
    throw new UsageError(`passOf: expected a rule, or { noun, rules }; found ${foundText(rules)}`);
  const pass = known.get(rules) ?? passFor(rules);
  known.set(rules, pass);
  return pass;
}

function passFor(rules: Rule | RuleSet): PassFactory {
  const set = isRuleSet(rules) ? rules : { noun: rules.name, rules: [rules] };
  const { because = '' } = set.rules[0] ?? {};
  return definePass({
    name: isRuleSet(rules) ? set.noun.toLowerCase().replace(/[^a-z0-9]+/g, '-') : rules.name,
    summary: `${because[0]?.toUpperCase()}${because.slice(1).replace(/\.$/, '')}.`,
    fidelity: 'exact',
    needs: ['types'],
    fuses: true,
    variants: () => [],
    run: (model, _, context) => reportSites(applyRules(model, [set], context), context),
  });
}
