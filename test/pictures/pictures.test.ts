/**
 * The graph before and after each pass and each rule, printed into a file beside this one. `npm test -- --update` writes the files
 * anew: what a change does to them is seen in its diff.
 */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../passes/index.js';
import { printModel } from '../../src/ir/whole-model/print.js';
import { isRuleSet } from '../../src/match/rule.js';
import { definePass } from '../../src/run/pass.js';
import { applyPasses, checkPass, opCounts } from '../check-pass.js';
import { layers, ofPasses, ofRules, type Picture } from './models.js';

const expectPicture = (path: string, about: string, before: string, heading: string, after: string) =>
  expect(`${about}\n\n# before\n${before}\n\n# ${heading}\n${after}\n`).toMatchFileSnapshot(`${path}.txt`);

async function checkPicture(path: string, about: string, { pass, ...given }: Picture) {
  const before = printModel(given.before);
  const { model, result } = await checkPass(pass, given);
  await expectPicture(path, about, before, `after, for ${given.target ?? 'cpu'}`, printModel(model));
  return result;
}

describe('passes', () => {
  const summaryOf = (name: string) => catalogue.find((one) => one.definition.name === name)?.definition.summary;

  it('have a picture each', () => {
    const names = catalogue.map(({ definition }) => definition.name);
    expect([...Object.keys(ofPasses), 'regional'].sort(), 'regional does nothing').toEqual(names.sort());
  });

  it.each(Object.entries(ofPasses))('%s', async (name, picture) => {
    const { status, skips } = await checkPicture(`passes/${name}`, `${name}: ${summaryOf(name)}`, picture);
    expect({ status, skips }).toEqual({ status: 'applied', skips: [] });
  });

  it('what they see of a repeated block that is compiled once', async () => {
    let seen = '';
    const see = definePass({
      name: 'see',
      summary: 'Prints the model.',
      fidelity: 'exact',
      options: (await import('zod')).z.object({}),
      run(model) {
        seen ||= printModel(model);
      },
    });
    const before = layers();
    const { model } = await applyPasses([see()], before, 'cpu', true);
    expect(opCounts(model)).toEqual(opCounts(before));
    const about = 'Of five repeats or more, passes see four: the third stands for all between the second and the last';
    await expectPicture('passes/repeats', about, printModel(before), 'what passes see', seen);
  });
});

describe('rules', async () => {
  const folder = new URL('../../passes/rules/', import.meta.url);
  const modules = await Promise.all(
    readdirSync(folder)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => import(new URL(file, folder).href)),
  );
  const rules = modules.flatMap((exported) => Object.values(exported).filter(isRuleSet)).flatMap(({ rules }) => rules);
  const because = new Map(rules.map((rule) => [rule.name, rule.because]));

  it('have a picture each', () => {
    expect(Object.keys(ofRules).sort()).toEqual([...because.keys()].sort());
  });

  it.each(Object.entries(ofRules))('%s', async (name, picture) => {
    const { sites } = await checkPicture(`rules/${name}`, `${name}: ${because.get(name)}`, picture);
    expect(sites?.filter(({ fused }) => fused).map(({ rule }) => rule)).toContain(name);
  });
});
