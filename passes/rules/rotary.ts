/** Rotary position embedding: pairs of lanes of each head are rotated by an angle that depends on the position. */

import { isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { helps } from '../../src/match/miss.js';
import { type Pattern, reading, site } from '../../src/match/pattern/index.js';
import { type RuleSet, rule } from '../../src/match/rule.js';
import type { Environment } from '../../src/match/search/search.js';
import { emitRotary, type RotaryEmission } from '../rotary/kernel.js';
import { readingsOf } from '../rotary/reading.js';
import { Tables } from '../rotary/table.js';

/** x·cos + rotate(x)·sin, read lane by lane, in whatever ops. */
const rotation: Pattern<{ readonly x: Value }> = reading(
  'x·cos + rotate(x)·sin',
  function* (value, environment, search) {
    const readings = readingsOf(search.facts);
    const found = readings.of(value);
    if (!found) search.fail(environment, rotation, value, 'expected pairs of lanes that rotate');
    else if ('miss' in found)
      search.fail(environment.matched(rotation, value, found.nodes), rotation, value, found.miss.reason);
    else {
      let next: Environment | undefined = environment;
      for (const [i, operand] of readings.operands(found).entries())
        next = next?.capture(i === 0 ? 'x' : `table ${i}`, operand);
      if (next) yield next.matched(rotation, value, found.rotation.nodes);
    }
  },
  { isSite: (node, facts) => readingsOf(facts).sites(node.graph).has(node) },
);

/** x·cos + rotate(x)·sin  ⟶  RotaryEmbedding(x, positions, cos, sin) */
const embedding = rule({
  name: 'rotary',
  because: 'one kernel that reads x once',
  match: site(rotation),
  rewrite(_, { root, facts, host, build, no }) {
    const { elem } = root;
    if (!elem || !isFloat(elem) || !host.hasKernel('RotaryEmbedding', 'com.microsoft', 1, elem))
      return no(`the target has no RotaryEmbedding kernel for ${elem}`, helps.kernel);
    const readings = readingsOf(facts);
    return emitRotary(readings.of(root) as RotaryEmission, new Tables(build, facts, readings.made(root.graph)), facts);
  },
});

export const rotary: RuleSet = { noun: 'RoPE', rules: [embedding] };
