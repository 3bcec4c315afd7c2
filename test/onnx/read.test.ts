/** The reader: accepted sources, memory use, and files that change later. */
import { appendFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { ModelError } from '../../src/ir/text/errors.js';
import { readModel } from '../../src/onnx/read.js';
import { concat, field, floats, info, modelBytes, node, utf8, withInitializer } from './bytes.js';
import { temporaryFolder } from './malformed.js';

const folder = temporaryFolder();

describe('what is odd but clear is read', () => {
  it.each<readonly [string, Uint8Array]>([
    ['nodes out of order', modelBytes({}, { node: [node('Relu', ['a'], ['y']), node('Neg', ['x'], ['a'])] })],
    [
      'nodes of one name',
      modelBytes({}, { node: [node('Neg', ['x'], ['a'], { name: 'n' }), node('Neg', ['a'], ['y'], { name: 'n' })] }),
    ],
    ['nodes and graphs without a name', modelBytes({}, { name: undefined })],
    [
      'a body that hides an outer name',
      modelBytes(
        {},
        {
          node: [
            node('Relu', ['x'], ['y'], {
              attribute: [{ name: '__a', type: 5, g: { node: [node('Neg', ['x'], ['y'])], output: [info('y')] } }],
            }),
          ],
        },
      ),
    ],
    ['IR 1 without an opset', modelBytes({ irVersion: 1, opsetImport: [] })],
    ['an ir_version of tomorrow', modelBytes({ irVersion: 99 })],
    ['an optional input left out', modelBytes({}, { node: [node('Clip', ['x', '', ''], ['y'])] })],
    [
      'a scalar, and a tensor of nothing',
      modelBytes({}, { initializer: [floats('s', [1], []), floats('e', [], [0, 5])] }),
    ],
    ['fields that this version does not know', concat(modelBytes(), field(77, utf8('later')))],
    [
      'a graph in two pieces',
      concat(
        modelBytes({}, { node: [] }),
        field(7, field(1, concat(field(1, utf8('x')), field(2, utf8('y')), field(4, utf8('Relu'))))),
      ),
    ],
    ['a value_info of nothing there', modelBytes({}, { valueInfo: [info('ghost')] })],
  ])('%s', async (_, bytes) => {
    const model = await readModel(bytes);
    expect(model.graph.outputPorts.map(({ name }) => name)).toEqual(['y']);
  });
});

describe('a file that changes after it was read', () => {
  const weights = Array.from({ length: 1000 }, (_, i) => i);
  const open = async (name: string): Promise<{ path: string; tensor: Tensor }> => {
    const path = join(folder, name);
    writeFileSync(path, withInitializer(floats('w', weights)));
    utimesSync(path, 1, 1);
    const [value] = (await readModel(path)).graph.constants;
    return { path, tensor: value?.tensor as Tensor };
  };
  const changed = (path: string): ModelError =>
    new ModelError(path, 'a file that stays as it was when it was opened', 'a changed one', 'Read it again');

  it('gives its weights while it stays', async () => {
    const { tensor } = await open('same.onnx');
    expect([...new Float32Array(tensor.bytes().slice().buffer)]).toEqual(weights);
  });
  it('is noticed when it was written into', async () => {
    const { path, tensor } = await open('longer.onnx');
    appendFileSync(path, 'x');
    expect(() => tensor.bytes()).toThrow(changed(path));
  });
  it('is noticed when it was cut, even with its old time', async () => {
    const { path, tensor } = await open('cut.onnx');
    truncateSync(path, 100);
    utimesSync(path, 1, 1);
    expect(() => tensor.bytes()).toThrow(changed(path));
  });
});
