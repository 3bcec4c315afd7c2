/** Attributes, control-flow bodies and functions with contradictions. */
import { describe, expect, it } from 'vitest';
import { readModel } from '../../src/onnx/read.js';
import { concat, field, info, modelBytes, node, type relu, utf8 } from './bytes.js';
import { check, messageOf, temporaryFolder } from './malformed.js';

const folder = temporaryFolder();

describe('attributes, bodies and functions', () => {
  const withAttribute = (attribute: object): Uint8Array =>
    modelBytes({}, { node: [node('Relu', ['x'], ['y'], { attribute: [{ name: 'a', ...attribute }] })] });
  const fn = (more: object): Uint8Array =>
    modelBytes(
      {
        functions: [
          { name: 'f', domain: 'd', input: ['i'], output: ['o'], node: [node('Neg', ['i'], ['o'])], ...more },
        ],
      },
      { node: [node('f', ['x'], ['y'], { domain: 'd' })] },
    );
  /** A function that calls one that calls one … */
  const calls = (depth: number): Uint8Array =>
    modelBytes(
      {
        functions: Array.from({ length: depth }, (_, at) => ({
          ...{ name: `f${at}`, domain: 'd', input: ['i'], output: ['o'] },
          node: [at + 1 < depth ? node(`f${at + 1}`, ['i'], ['o'], { domain: 'd' }) : node('Neg', ['i'], ['o'])],
        })),
      },
      { node: [node('f0', ['x'], ['y'], { domain: 'd' })] },
    );
  const nested = (depth: number): NonNullable<typeof relu.graph> =>
    depth === 0
      ? { name: 'leaf' }
      : {
          name: 'b',
          node: [node('Fork', [], [], { attribute: [{ name: 'then_branch', type: 5, g: nested(depth - 1) }] })],
        };
  /** Deeper than an encoder would go: each level is a graph of one node of one attribute. */
  const nestedBytes = (depth: number, padding: number): Uint8Array => {
    let graph: Uint8Array = field(10, new Uint8Array(padding).fill(97));
    for (let i = 0; i < depth; i++)
      graph = field(
        1,
        concat(field(4, utf8('Fork')), field(5, concat(field(1, utf8('then_branch')), field(6, graph), field(20, 5)))),
      );
    return concat(field(1, 8), field(8, field(2, 17)), field(7, graph));
  };
  const deep = '{file}: expected messages nested at most 100 deep; found deeper ones. Flatten the bodies of its nodes';
  check(folder, [
    [
      'an attribute of a type that ONNX has not',
      withAttribute({ type: 99 }),
      'Relu "y", attribute "a": expected an attribute type of ONNX; found type 99',
    ],
    [
      'an attribute of no type, empty',
      withAttribute({}),
      'Relu "y", attribute "a": expected an attribute type of ONNX; found type 0',
    ],
    [
      'a tensor attribute without a tensor',
      withAttribute({ type: 4 }),
      'Relu "y", attribute "a": expected a tensor, as its type says; found none',
    ],
    [
      'a graph attribute without a graph',
      withAttribute({ type: 5 }),
      'Relu "y", attribute "a": expected a graph, as its type says; found none',
    ],
    [
      'a bad tensor in an attribute',
      withAttribute({ type: 4, t: { dataType: 1, dims: [2], floatData: [1] } }),
      'Relu "y", attribute "a": expected 2 numbers in raw_data or float_data for float32[2]; found 1',
    ],
    [
      'a bad tensor in a Constant',
      modelBytes(
        {},
        { node: [node('Constant', [], ['y'], { attribute: [{ name: 'value', type: 4, t: { dims: [2] } }] })] },
      ),
      'Constant "y", attribute "value": expected an element type of ONNX; found data_type 0',
    ],
    [
      'a body that uses what is not there',
      withAttribute({ type: 5, g: { name: 'then', node: [node('Neg', ['q'], ['r'])], output: [info('r')] } }),
      'Neg "r": expected a value for input 0, "q"; found none of that name',
    ],
    [
      'a body whose output is not there',
      withAttribute({ type: 5, g: { name: 'then', output: [info('r')] } }),
      'graph "then": expected a value for output "r"; found none of that name',
    ],
    ['bodies deeper than a decoder goes', nestedBytes(60, 0), deep],
    ['long bodies deeper than a decoder goes', nestedBytes(60, 2000), deep],
    [
      'a function whose output is not there',
      fn({ output: ['p'] }),
      'function "f": expected a value for output "p"; found none of that name',
    ],
    [
      'a function that uses what is not there',
      fn({ node: [node('Neg', ['x'], ['o'])] }),
      'Neg "o": expected a value for input 0, "x"; found none of that name',
    ],
    [
      'a function with two inputs of one name',
      fn({ input: ['i', 'i'] }),
      'function "f": expected one definition of each value; found a second one of "i"',
    ],
    [
      'a function that calls itself',
      fn({ node: [node('f', ['i'], ['o'], { domain: 'd' })] }),
      'function "f": expected functions that do not call themselves; found f → f',
    ],
    [
      'functions that call each other, in a body',
      modelBytes({
        functions: [
          {
            name: 'f',
            domain: 'd',
            output: ['o'],
            node: [
              node('Fork', [], ['o'], {
                attribute: [
                  {
                    name: 'then_branch',
                    type: 5,
                    g: { node: [node('g', [], ['o2'], { domain: 'd' })], output: [info('o2')] },
                  },
                ],
              }),
            ],
          },
          { name: 'g', domain: 'd', output: ['o'], node: [node('f', [], ['o'], { domain: 'd' })] },
        ],
      }),
      'function "f": expected functions that do not call themselves; found f → g → f',
    ],
    [
      'calls of calls that nobody can follow',
      calls(20_000),
      'function "f19487": expected calls at most 512 deep; found deeper ones',
    ],
    [
      'a function whose attribute has a bad default',
      fn({ attributeProto: [{ name: 'a', type: 44 }] }),
      'function "f", attribute "a": expected an attribute type of ONNX; found type 44',
    ],
  ]);

  it('calls as deep as they are followed are read', async () => {
    expect((await readModel(calls(512))).functions).toHaveLength(512);
  });

  it('a bad function that nothing calls is carried, before and behind one that would call it', async () => {
    const bad = { name: 'bad', domain: 'd', input: ['i'], output: ['o'], node: [node('Relu', ['i', 'i'], ['o'])] };
    const caller = { ...bad, name: 'caller', node: [node('bad', ['i'], ['o'], { domain: 'd' })] };
    for (const functions of [
      [bad, caller],
      [caller, bad],
    ]) {
      const model = await readModel(modelBytes({ functions }));
      expect(model.functions.map(({ name }) => name)).toEqual(['caller']);
    }
  });

  it('bodies as deep as a decoder goes are read', async () => {
    const model = await readModel(nestedBytes(30, 0));
    expect([...model.graphs()]).toHaveLength(31);
    expect(await messageOf(modelBytes({}, { ...nested(20), output: [], input: [] }))).toBe('read without an error');
  });
});
