import { describe, expect, it } from 'vitest';
import { commandOf } from '../../cli/parse/commands.js';
import { parse } from '../../cli/parse/parse.js';

const parsed = (line: string): unknown => {
  const { command, rest } = commandOf(line.split(' '));
  return parse(command, rest);
};

describe('the words of a command line', () => {
  it.each([
    ['a value behind its flag', 'm.onnx --out x', { out: 'x' }],
    ['attached to it', 'm.onnx --out=x=y', { out: 'x=y' }],
    ['behind a letter', 'm.onnx -o x', { out: 'x' }],
    ['attached to a letter', 'm.onnx -o./x', { out: './x' }],
    ['attached with =', 'm.onnx -o=x', { out: 'x' }],
    ['letters together', 'm.onnx -qo x', { quiet: true, out: 'x' }],
    ['a stream, and a number below zero', 'm.onnx -o - --seed -1', { out: '-', seed: -1 }],
    ['what is turned off', 'm.onnx --no-validate --quiet=false', { validate: false, quiet: false }],
    ['the last word on what is on or off', 'm.onnx --quiet --no-quiet', { quiet: false }],
    ['true and false as words of their own', 'm.onnx --quiet false', { quiet: false }],
    ['a setting that is turned off', 'm.onnx --no-config', { config: false }],
    ['a flag that is repeated', 'm.onnx --dim a=1 --dim b=2', { dim: { a: 1, b: 2 } }],
  ])('%s', (_, line, flags) => {
    expect(parsed(line)).toEqual({ model: 'm.onnx', models: ['m.onnx'], ...flags });
  });

  it('behind -- no word is a flag', () => {
    expect(parsed('compare -- -a.onnx --b.onnx')).toEqual({ original: '-a.onnx', result: '--b.onnx' });
  });

  it.each([
    ['m.onnx -o', '-o: expected a value; found none'],
    ['m.onnx -o -q', '-o: expected a value; found none'],
    ['m.onnx --out=--x', '--out: expected a value; found none'],
    ['m.onnx --verify never', '--verify: expected none | rewrite | end | pass; found "never"'],
    ['m.onnx -q=yes', '-q: expected true or false; found "yes"'],
    ['m.onnx --seed x', '--seed: expected a number; found "x"'],
    ['m.onnx -x=1', /^unknown flag "-x"/],
  ])('%s is refused', (line, said) => {
    expect(() => parsed(line)).toThrow(said);
  });
});
