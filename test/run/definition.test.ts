/** Errors for wrong definitions, lists of passes and rules: JavaScript has no compiler that finds them. */
import { describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import * as rules from '../../src/rules.js';
import { parsePasses } from '../../src/run/parse.js';
import { builtIn } from '../../src/settings/plugins.js';
import { applyPass } from '../check-pass.js';

const { any, checkMiss, checkPass, definePass, op, passOf, Product, rule, site } = rules;
const spec = { name: 'mine', summary: 'Does nothing.', fidelity: 'exact' as const, run() {} };
const x = any('x');
const match = Product(2, site(op.Relu(x)));
const twice = rule({ name: 'twice', because: 'fewer nodes', match, rewrite: (_, { no }) => no('never') });
const model = buildModel({ '': 17 }, (g) => {
  const relu = g.op('Relu', [g.input('x', 'float32', [2, 3])]);
  g.output('y', g.op('Mul', [relu, g.constant('float32', 2)]));
});
const text = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
};
const defined = (change: object): string => text(() => definePass({ ...spec, ...change } as never));
const parsed = (...passes: unknown[]): string => text(() => parsePasses(passes as never, builtIn));

describe('definePass', () => {
  it('needs neither options nor needs', async () => {
    const idle = definePass(spec);
    expect(idle().options).toEqual({});
    // @ts-expect-error an option that the pass does not have
    expect(text(() => idle({ keep: [] }))).toBe('pass mine: unknown option "keep"; there are none');
    expect((await applyPass(idle(), model)).passes[0]?.status).toBe('unchanged');
  });

  it('names the part that is wrong', () => {
    expect(defined({ name: 'my pass' })).toMatch(
      /^pass "my pass": name: expected words of small letters .*; found "my pass"/,
    );
    expect(defined({ fidelity: 'exactly' })).toBe(
      'pass mine: fidelity: expected exact | rounding | lossy; found "exactly"',
    );
    expect(defined({ run: undefined })).toBe('pass mine: run: expected a function; found undefined');
    expect(defined({ options: { keep: [] } })).toBe('pass mine: options: expected z.object({ … }); found {"keep":[]}');
    expect(defined({ needs: ['type'] })).toContain('needs: expected a list of types | repeats | weights');
    expect(defined({ option: {} })).toBe('pass mine: unknown part "option"; did you mean "options"?');
  });

  it('refuses a pass that gives a model, awaited or not', async () => {
    for (const run of [() => model, async () => model])
      await expect(applyPass(definePass({ ...spec, run: run as never })(), model)).rejects.toThrow(
        'expected nothing; found a model. A pass edits the one that it is given',
      );
  });
});

it('lists hold passes', () => {
  expect(parsed(definePass({ ...spec, name: 'my-pass' }))).toBe(
    'passes: expected a name, a name with options, or a pass; found the factory of my-pass. Call it: myPass()',
  );
  expect(parsed(twice)).toContain('found the rule twice. passOf(rule)() is a pass of it');
  expect(parsed({ noun: 'twos', rules: [twice] })).toContain('found the rules of twos. passOf(rules)()');
  expect(parsed(undefined)).toContain('a pass; found undefined');
  expect(parsed({ definition: spec, options: {} })).toContain('There may be two copies: npm ls onnx-passes');
  expect(parsed(definePass({ ...spec, name: 'int8' })())).toBe(
    'passes: expected one pass of the name int8; found another as well. Rename yours',
  );
  expect(text(() => parsePasses(42 as never, builtIn))).toBe('passes: expected text or a list of passes; found 42');
});

describe('rules', () => {
  const ruled = (change: object): string => text(() => rule({ ...twice, ...change } as never));

  it('names what is wrong with a definition', () => {
    expect(ruled({ match: op.Relu })).toContain('rule twice: expected match: a pattern; found a function');
    expect(ruled({ rewrite: undefined })).toContain('expected rewrite: a function; found undefined');
    expect(ruled({ match: op.Relu(x) })).toContain('Mark the op that the rule is about: site(…)');
    expect(text(() => passOf(spec as never))).toContain('passOf: expected a rule, or { noun, rules }');
    expect(text(() => passOf(rule({ ...twice, name: 'Twice a relu' } as never)))).toContain(
      'name: expected words of small',
    );
  });

  it('says what a rewrite and a condition have to give', async () => {
    const run = (change: object) => applyPass(passOf(rule({ ...twice, ...change } as never))(), model);
    await expect(run({ rewrite: async () => x })).rejects.toThrow(
      'rule twice: rewrite: expected a value or no(reason); found a promise',
    );
    await expect(run({ match: match.where((() => false) as never) })).rejects.toThrow(
      'where: expected true or a reason; found false',
    );
  });
});

describe('checks of tests', () => {
  const inside = rule({
    name: 'factor-inside',
    because: 'the factor may meet another',
    match,
    rewrite: ({ x }, { build }) => build.op('Relu', [build.op('Mul', [x, build.constant('float32', 2)])]),
  });

  it('take rules and passes', async () => {
    const { result } = await checkPass(inside, { before: model, ops: { Mul: 1, Relu: 1 }, within: 0 });
    expect(result.notes.map(({ text }) => text)).toEqual(['fused 1 of 1 factor-inside sites']);
    await checkMiss(passOf(twice)(), { before: model, reason: 'never' });
  });

  it('show what differs', async () => {
    await expect(checkPass(inside, { before: model, ops: { Relu: 1 }, within: 0 })).rejects.toThrow(
      /^nodes by op: Expected values to be strictly deep-equal:[\s\S]*\+ {3}Mul: 1/,
    );
    await expect(checkPass(twice, { before: model, ops: { Relu: 2 }, within: 0 })).rejects.toThrow(
      /\nLeft alone: never$/,
    );
    await expect(checkMiss(inside, { before: model, reason: 'never' })).rejects.toThrow(
      'factor-inside: expected it to leave the model as it is; found it applied',
    );
    await expect(checkMiss(twice, { before: model, reason: 'always' })).rejects.toThrow(
      'twice: expected a reason with always; found never',
    );
    const wrong = rule({
      name: 'wrong',
      because: 'it is',
      match,
      rewrite: ({ x }, { build }) => build.op('Add', [x, x]),
    });
    await expect(checkPass(wrong, { before: model, within: 1e-6 })).rejects.toThrow(
      /^output "y": expected an error of 0\.000001 of its largest magnitude at most; found \d/,
    );
  });
});
