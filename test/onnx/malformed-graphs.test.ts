/** Models that decode and still are none: names and cycles. */
import { describe } from 'vitest';
import { floats, info, modelBytes, node } from './bytes.js';
import { check, damaged, temporaryFolder } from './malformed.js';

const folder = temporaryFolder();

describe('models that are none', () => {
  check(folder, [
    ['no graph', modelBytes({ graph: undefined }), `{file}: expected a graph; found none. ${damaged}`],
    [
      'no opset_import',
      modelBytes({ opsetImport: [] }),
      '{file}: expected an opset_import; found none. Export the model again, or set the opset it was made for',
    ],
    ['ir_version 0', modelBytes({ irVersion: 0 }), '{file}: expected an ir_version of 1 or more; found 0'],
    ['a negative ir_version', modelBytes({ irVersion: -3 }), '{file}: expected an ir_version of 1 or more; found -3'],
    [
      'an input without a name',
      modelBytes({}, { input: [info('x'), info('')] }),
      'graph "main": expected a name for every input; found none',
    ],
    [
      'two inputs of one name',
      modelBytes({}, { input: [info('x'), info('x')] }),
      'graph "main": expected one definition of each value; found a second one of "x"',
    ],
    [
      'two nodes that give one value',
      modelBytes({}, { node: [node('Relu', ['x'], ['y']), node('Neg', ['x'], ['y'])] }),
      'graph "main": expected one definition of each value; found a second one of "y"',
    ],
    [
      'one node that gives a value twice',
      modelBytes({}, { node: [node('Split', ['x'], ['y', 'y'])] }),
      'graph "main": expected one definition of each value; found a second one of "y"',
    ],
    [
      'a node that gives an input',
      modelBytes({}, { node: [node('Relu', ['x'], ['x'])] }),
      'graph "main": expected one definition of each value; found a second one of "x"',
    ],
    [
      'two defaults of one input',
      modelBytes({}, { initializer: [floats('x', [1, 2]), floats('x', [1, 2])] }),
      'graph "main": expected one initializer of each name; found a second one of "x"',
    ],
    [
      'an undefined input',
      modelBytes({}, { node: [node('Add', ['x', 'z'], ['y'], { name: 'sum' })] }),
      'Add "sum": expected a value for input 1, "z"; found none of that name',
    ],
    [
      'an undefined output',
      modelBytes({}, { output: [info('y'), info('z')] }),
      'graph "main": expected a value for output "z"; found none of that name',
    ],
    [
      'a name with a line end and a terminal escape',
      modelBytes({}, { node: [node('Neg', ['a\n\x1b[2J'], ['y'])] }),
      'Neg "y": expected a value for input 0, "a\\n\\x1b[2J"; found none of that name',
    ],
    [
      'an output without a name',
      modelBytes({}, { output: [info('')] }),
      'graph "main": expected a value for output ""; found none of that name',
    ],
    [
      'a node without op_type',
      modelBytes({}, { node: [node('', ['x'], ['y'], { name: 'n' })] }),
      'node "n" of graph "main": expected an op_type; found none',
    ],
    [
      'a nameless node without op_type',
      modelBytes({}, { node: [{ input: ['x'] }] }),
      'node of graph "main": expected an op_type; found none',
    ],
    [
      'a Constant without an attribute',
      modelBytes({}, { node: [node('Constant', [], ['c']), node('Relu', ['x'], ['y'])] }),
      'Constant "c": expected an attribute with its value; found none',
    ],
  ]);
});

describe('cycles', () => {
  const cycle = (label: string): string =>
    `${label}: expected a graph without cycles; found its output among its own inputs`;
  const body = (...names: string[]) => ({ name: 'body', node: [node('Add', names, ['sum'])], output: [info('sum')] });
  check(folder, [
    [
      'of two nodes, and one behind them',
      modelBytes({}, { node: [node('Relu', ['b'], ['y']), node('Add', ['x', 'b'], ['a']), node('Neg', ['a'], ['b'])] }),
      cycle('Neg "b"'),
    ],
    ['of a node with itself', modelBytes({}, { node: [node('Add', ['x', 'y'], ['y'])] }), cycle('Add "y"')],
    [
      'through what a body captures',
      modelBytes(
        {},
        {
          input: [info('x'), info('c', 9, [])],
          node: [
            node('If', ['c'], ['t'], {
              attribute: [
                { name: 'then_branch', type: 5, g: body('x', 'y') },
                { name: 'else_branch', type: 5, g: body('x', 'x') },
              ],
            }),
            node('Relu', ['t'], ['y']),
          ],
        },
      ),
      cycle('If "t"'),
    ],
    [
      'in a function',
      modelBytes(
        { functions: [{ name: 'f', domain: 'd', output: ['o'], node: [node('Neg', ['o'], ['o'])] }] },
        { node: [node('f', [], ['y'], { domain: 'd' })] },
      ),
      cycle('Neg "o"'),
    ],
  ]);
});
