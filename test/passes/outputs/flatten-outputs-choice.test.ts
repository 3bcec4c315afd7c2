/**
 * Tests the choices of flatten-outputs: the outputs that stay, the ones that belong together, and element types that
 * JavaScript lacks.
 */
import { describe, expect, it } from 'vitest';
import { flattenOutputs } from '../../../passes/flatten-outputs.js';
import { contractOf } from '../../../src/contract/contract.js';
import { buildModel } from '../../../src/ir/build.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { type DataType, dataTypes, tensorType } from '../../../src/ir/types.js';
import { writeModel } from '../../../src/onnx/write.js';
import { applyPass, checkPass, opCounts } from '../../check-pass.js';
import { flattenAndRun, plain } from '../../run-flat.js';
import { runModel } from '../../run-model.js';

const x3 = { x: tensorOf('float32', [1, 2, 3], [3]) };
const names = (model: { graph: { outputPorts: readonly { name: string }[] } }) =>
  model.graph.outputPorts.map(({ name }) => name);

/** Hidden states, logits, a cache and a sequence. */
const exported = () =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [3]);
    g.output('logits', g.op('Neg', [x]));
    for (const [index, op] of ['Abs', 'Exp', 'Sin'].entries()) g.output(`hidden_states.${index}`, g.op(op, [x]));
    g.output('present.0.key', g.op('Cos', [x]));
    g.output('present.0.value', g.op('Tan', [x]));
    g.output('s', g.op('SequenceConstruct', [g.op('Sqrt', [x]), x]), { kind: 'sequence', elem: tensorType('float32') });
  });

describe('outputs=', () => {
  it.each([
    [['logits'], ['logits'], { Neg: 1 }],
    [['present.*', 'logits'], ['logits', 'present.0.key', 'present.0.value'], { Neg: 1, Cos: 1, Tan: 1 }],
    [['hidden_states.?', '!hidden_states.1'], ['hidden_states.0', 'hidden_states.2'], { Abs: 1, Sin: 1 }],
    [['!hidden_states.*', '!present.*', '!s'], ['logits'], { Neg: 1 }],
    [['s'], ['s.0', 's.1'], { Sqrt: 1 }],
    [['s.1'], ['s.1'], {}],
  ])('%j keeps %j, in the order of the model, and what they need', async (outputs, expected, ops) => {
    const before = exported();
    const { model } = await checkPass(flattenOutputs({ outputs }), { before, ops, within: 0, keepsInterface: false });
    expect(names(model)).toEqual(expected);
    const found = await runModel(await writeModel(model), x3);
    const all = await runModel(await writeModel((await applyPass(flattenOutputs(), before)).model), x3);
    for (const name of expected) expect(found[name]?.bytes()).toEqual(all[name]?.bytes());
  });

  it('names what there is where a name fits nothing', async () => {
    const run = (outputs: string[]) => applyPass(flattenOutputs({ outputs }), exported());
    await expect(run(['logit'])).rejects.toThrow(
      'unknown output "logit"; did you mean "logits"? There are: logits, hidden',
    );
    await expect(run(['zzz*'])).rejects.toThrow('there are: logits, hidden_states.0');
    await expect(run(['s', '!s'])).rejects.toThrow('found none left');
  });

  it('says so where a pattern takes nothing away', async () => {
    const { passes } = await applyPass(flattenOutputs({ outputs: ['!pooler'] }), exported());
    expect(passes[0]?.skips.map(({ reason }) => reason)).toEqual(['no output fits "!pooler"']);
  });

  it('refuses nothing for an output that is left out', async () => {
    const before = exported();
    const { output } = before.graph.add('Unknown', [before.graph.inputs[0]], { domain: 'own' });
    before.graph.output('sparse', output, { kind: 'sparse', elem: 'float32', shape: [3] });
    const { passes } = await applyPass(flattenOutputs({ outputs: ['logits'] }), before);
    expect(passes[0]?.skips).toEqual([]);
  });
});

describe('group=', () => {
  it('puts outputs together by the parts of their names', async () => {
    const group = ['hidden_states.*', 'present.*'];
    const { values, model } = await flattenAndRun(exported(), x3, { group });
    expect(Object.keys(values)).toEqual(['logits', 'hidden_states', 'present', 's']);
    expect(values.hidden_states).toHaveLength(3);
    expect(values.present).toEqual([{ key: expect.anything(), value: expect.anything() }]);
    expect(names(model)).toHaveLength(8);
  });

  it('refuses names of which one is part of another', async () => {
    const before = exported();
    before.graph.output('present', before.graph.outputs[0]!);
    await expect(applyPass(flattenOutputs({ group: ['present*'] }), before)).rejects.toThrow('cannot be grouped');
    await expect(applyPass(flattenOutputs({ group: ['past*'] }), before)).rejects.toThrow('unknown output "past*"');
  });
});

describe('element types that JavaScript lacks', () => {
  const cases: readonly (readonly [DataType, DataType, readonly number[]])[] = [
    ['bfloat16', 'float32', [1, -2.5, 3]],
    ['float8e4m3fn', 'float32', [1, -2.5, 448]],
    ['float8e5m2', 'float32', [1, -2.5, 57344]],
    ['int4', 'int8', [1, -8, 7]],
    ['uint4', 'uint8', [0, 8, 15]],
  ];
  it.each(cases)('%s is given and taken as %s', async (elem, held, numbers) => {
    const before = buildModel({ '': 21 }, (g) => {
      const real = g.op('Cast', [g.input('x', elem, [3])], { to: 1 });
      g.output('y', g.op('Cast', [real], { to: dataTypes[elem].code }), elem, [3]);
    });
    const feeds = { x: tensorOf(held, numbers, [3]) };
    const { model, values, notes } = await flattenAndRun(before, feeds);
    expect(opCounts(model)).toEqual({ Cast: 4 });
    expect(values.y).toEqual([[3], ...numbers]);
    expect(notes).toEqual([
      `input is ${held}: JavaScript holds no ${elem}`,
      `output "y" is ${held}: JavaScript holds no ${elem}`,
    ]);
    expect(contractOf(model).structure.outputs.y).toEqual({ kind: 'tensor', port: 'y', was: elem });
  });

  it('stays with the reason where no Cast is', async () => {
    const before = buildModel({ '': 23 }, (g) => g.output('y', g.op('Identity', [g.input('x', 'complex64', [3])])));
    const { passes } = await applyPass(flattenOutputs(), before);
    expect(passes[0]?.skips[0]?.reason).toContain('no complex64');
  });

  it('stays with the reason where an input is an output of its name', async () => {
    const before = buildModel({ '': 21 }, (g) => g.output('x', g.input('x', 'bfloat16', [3])));
    const { model, passes } = await applyPass(flattenOutputs(), before);
    expect(passes[0]?.skips[0]?.reason).toBe('JavaScript holds no bfloat16, and an output has the name of the input');
    await writeModel(model);
  });

  it('stays with the reason where a sequence says no element type', async () => {
    const before = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('Custom', [g.input('x', 'float32', [3])]), {
        kind: 'sequence',
        elem: tensorType('undefined'),
      }),
    );
    const { passes } = await applyPass(flattenOutputs(), before);
    expect(passes[0]?.skips[0]?.reason).toBe("its elements' type is not known");
  });

  it('inside a sequence are cast too', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.op('Cast', [g.input('x', 'float32', [3])], { to: 16 });
      g.output('s', g.op('SequenceConstruct', [x, x]), { kind: 'sequence', elem: tensorType('bfloat16') });
    });
    const { values } = await flattenAndRun(before, x3);
    expect(values.s).toEqual([plain(x3.x), plain(x3.x)]);
  });
});
