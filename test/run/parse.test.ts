import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { passes } from '../../src/index.js';
import { editDistance, nearest, UsageError } from '../../src/ir/text/usage-error.js';
import { optionsOf } from '../../src/run/options.js';
import { type Catalogue, parsePasses } from '../../src/run/parse.js';
import { definePass } from '../../src/run/pass.js';
import { builtIn } from '../../src/settings/plugins.js';

const store = definePass({
  name: 'bf16',
  aliases: ['bfloat16'],
  summary: 'Stores.',
  fidelity: 'rounding',
  options: z.object({
    keep: z.array(z.string()).default([]).describe('Op types left alone.'),
    perChannel: z.boolean().default(true),
    bits: z.union([z.literal(4), z.literal(8)]).default(8),
    tolerance: z.number().positive().optional(),
    block: z.number().int().optional(),
    form: z.enum(['auto', 'storage']).default('auto'),
    axes: z.array(z.number().int()).optional(),
  }),
  run() {},
});
const fuse = definePass({ name: 'fuse-attn', summary: 'Fuses.', fidelity: 'exact', options: z.object({}), run() {} });
const catalogue: Catalogue = {
  passes: [store, fuse],
  presets: [{ name: 'small', summary: 'Small.', passes: [fuse(), store({ bits: 4 })] }],
};
const parse = (passes: Parameters<typeof parsePasses>[0]) =>
  parsePasses(passes, catalogue).map(({ definition, options }) => [definition.name, options]);
const defaults = { keep: [], perChannel: true, bits: 8, form: 'auto' };
const message = (passes: Parameters<typeof parsePasses>[0]) => {
  try {
    parse(passes);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  return 'no error';
};

describe('parsePasses', () => {
  it('reads names in order, and what a config file may hold', () => {
    expect(parse('fuse-attn, bf16')).toEqual([
      ['fuse-attn', {}],
      ['bf16', defaults],
    ]);
    expect(parse(['fuse-attn', ['bf16', { bits: 4 }], store({ keep: ['Erf'] })])).toEqual([
      ['fuse-attn', {}],
      ['bf16', { ...defaults, bits: 4 }],
      ['bf16', { ...defaults, keep: ['Erf'] }],
    ]);
    expect(parse('')).toEqual([]);
  });

  it('reads values by the schema: numbers, truth, choices, lists by + and by repetition', () => {
    expect(parse('bf16:keep=Softmax+Erf:keep=/a/b*:per-channel=false:bits=4:tolerance=1e-3:form=storage')).toEqual([
      ['bf16', { keep: ['Softmax', 'Erf', '/a/b*'], perChannel: false, bits: 4, tolerance: 1e-3, form: 'storage' }],
    ]);
    expect(parse('bf16:perChannel:axes=-1+2')).toEqual([['bf16', { ...defaults, axes: [-1, 2] }]]);
  });

  it('knows aliases and presets', () => {
    expect(parse('bfloat16:bits=4')[0]).toEqual(['bf16', { ...defaults, bits: 4 }]);
    expect(parse('small,fuse-attn').map(([name]) => name)).toEqual(['fuse-attn', 'bf16', 'fuse-attn']);
    expect(message('small:bits=4')).toBe('preset small: takes no options');
  });

  it('names the nearest pass and option', () => {
    expect(message('fuse-atn')).toBe('unknown pass "fuse-atn"; did you mean "fuse-attn"?');
    expect(message('bf61')).toBe('unknown pass "bf61"; did you mean "bf16"?');
    expect(message('quantize')).toBe(
      'unknown pass "quantize"; there are: bf16, bfloat16, fuse-attn, small. One of your own needs its plugin',
    );
    expect(message('bf16:kep=Erf')).toBe('pass bf16: unknown option "kep"; did you mean "keep"?');
    expect(message([['bf16', { bit: 4 }]])).toBe('pass bf16: unknown option "bit"; did you mean "bits"?');
    expect(message('bf16:constructor=1')).toContain('unknown option "constructor"');
    expect(message('fuse-attn:x=1')).toBe('pass fuse-attn: unknown option "x"; there are none');
  });

  it('names the nearest option in code, too', () => {
    const misspelled = { kepp: ['Erf'] } as Parameters<typeof store>[0];
    expect(() => store(misspelled)).toThrow(new UsageError('pass bf16: unknown option "kepp"; did you mean "keep"?'));
    expect(() => store('keep' as never)).toThrow(
      new UsageError('pass bf16: option Invalid input: expected object, received string'),
    );
  });

  it('says what a value should have been', () => {
    expect(message('bf16:bits=5')).toBe('pass bf16: option bits: expected 4 | 8; found "5"');
    expect(message('bf16:block=1.5')).toBe('pass bf16: option block: expected integer; found "1.5"');
    expect(message('bf16:tolerance=')).toBe('pass bf16: option tolerance: expected number; found ""');
    expect(message('bf16:form=real')).toBe('pass bf16: option form: expected auto | storage; found "real"');
    expect(message('bf16:tolerance=-1')).toBe('pass bf16: option tolerance: expected more than 0; found -1');
  });
});

it('gives passes by name, and nothing else', () => {
  const names = Object.values(passes).map((make) => make().definition.name);
  expect(names).toEqual(builtIn.passes.map(({ definition }) => definition.name));
});

it('describes options for tables', () => {
  expect(optionsOf(store().definition).slice(0, 3)).toEqual([
    { name: 'keep', type: 'list of text', default: [], description: 'Op types left alone.' },
    { name: 'perChannel', type: 'boolean', default: true, description: '' },
    { name: 'bits', type: '4 | 8', default: 8, description: '' },
  ]);
});

it('measures how far words are apart', () => {
  expect(editDistance('attn', 'atn')).toBe(1);
  expect(editDistance('bf61', 'bf16')).toBe(1);
  expect(editDistance('', 'abc')).toBe(3);
  expect(nearest('attn', ['fuse-attn', 'atan'])).toBe('fuse-attn');
  expect(nearest('fuse-nrm', ['fuse', 'fuse-norm'])).toBe('fuse-norm');
  expect(nearest('fuse-everything', ['fuse', 'fuse-norm'])).toBe('fuse');
  expect(nearest('xyz', ['abc'])).toBeUndefined();
});
