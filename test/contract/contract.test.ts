/** The contract, its declarations and `unflatten`, as someone who writes TypeScript uses them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { flattenOutputs } from '../../passes/flatten-outputs.js';
import { contractOf, contractSchema } from '../../src/contract/contract.js';
import { declarationsOf } from '../../src/contract/declarations.js';
import { feedbackPairs } from '../../src/contract/pairs.js';
import type { ContractPort } from '../../src/contract/port.js';
import { unflatten } from '../../src/contract/unflatten.js';
import { float } from '../../src/ir/attribute.js';
import { buildModel } from '../../src/ir/build.js';
import { type Type, tensorType } from '../../src/ir/types.js';
import { optimizeFile } from '../../src/job/optimize-file.js';
import { writeModel } from '../../src/onnx/write.js';
import { applyPass } from '../check-pass.js';
import { root } from '../models.js';

const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-contract-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const maps: Type = {
  kind: 'sequence',
  elem: { kind: 'map', key: 'string', value: tensorType('float32', []) },
};

/** Every kind of output, and names that TypeScript has to quote. */
const model = () =>
  buildModel({ '': 17, 'ai.onnx.ml': 1 }, (g) => {
    const x = g.input('x', 'float32', ['batch', 2]);
    const limit = g.input("it's", 'float32', []);
    const p = g.op('Clip', [x, limit]);
    const labels = { classlabels_strings: ["it's", 'b*/'] };
    g.output('p', g.op('ZipMap', [p], labels, { domain: 'ai.onnx.ml' }), maps);
    g.output('s', g.op('SequenceConstruct', [x, p]), { kind: 'sequence', elem: tensorType('float32') });
    g.output('rows', g.op('SplitToSequence', [p], { keepdims: 0 }), { kind: 'sequence', elem: tensorType('float32') });
    g.output('1 id', g.op('ArgMax', [p]), 'int64', [1, 2]);
    g.output('copy', g.op('Identity', [x]));
    g.output('half', g.op('Cast', [g.op('LeakyRelu', [x], { alpha: float(0.5) })], { to: 10 }));
  });

describe('the contract', () => {
  it('fits its schema, and says what came from where', async () => {
    const contract = contractOf((await applyPass(flattenOutputs(), model())).model);
    expect(contractSchema.parse(JSON.parse(JSON.stringify(contract)))).toEqual(contract);
    expect(contract.outputs.map(({ name }) => name)).toEqual(['p', 's.0', 's.1', 'rows', '1 id', 'copy', 'half']);
    expect(contract.outputs.map(({ same }) => same)).toEqual([undefined, 'x', 'p', 'p', undefined, 'x', undefined]);
    expect(contract.structure.outputs.p).toEqual({ kind: 'maps', port: 'p', keys: 'string', labels: ["it's", 'b*/'] });
  });

  it('survives writing and other passes, which may change types', async () => {
    const { model: flat } = await applyPass(flattenOutputs(), model());
    const again = await applyPass(flattenOutputs(), flat);
    expect(contractOf(again.model)).toEqual(contractOf(flat));
  });

  it('pairs what goes out of a decoder with what goes in', () => {
    const port = (name: string, rank = 4): ContractPort => ({
      name,
      type: 'float32',
      dims: new Array(rank).fill(null),
    });
    const pairsOf = (inputs: readonly string[], outputs: readonly string[]) =>
      feedbackPairs(
        inputs.map((name) => port(name)),
        outputs.map((name) => port(name)),
      ).map(({ input, output }) => `${output} → ${input}`);
    expect(
      pairsOf(['past_key_values.0.key', 'past_key_values.0.value'], ['present.0.key', 'present.0.value', 'logits']),
    ).toEqual(['present.0.key → past_key_values.0.key', 'present.0.value → past_key_values.0.value']);
    expect(pairsOf(['past_0', 'past_1'], ['present_1'])).toEqual(['present_1 → past_1']);
    expect(pairsOf(['past_key_values.0.decoder.key'], ['present.0.decoder.key', 'present.0.encoder.key'])).toEqual([
      'present.0.decoder.key → past_key_values.0.decoder.key',
    ]);
    expect(pairsOf(['past_conv.3'], ['present_conv.3', 'present.3'])).toEqual(['present_conv.3 → past_conv.3']);
    expect(pairsOf(['past_0_decoder_key', 'past_0_encoder_key'], ['present.0.key'])).toEqual([
      'present.0.key → past_0_decoder_key',
    ]);
    expect(pairsOf(['past'], ['present'])).toEqual([]);
    expect(feedbackPairs([port('past_0', 5)], [port('present_0', 4)])).toEqual([]);
  });

  const state = (name: string, dims: ContractPort['dims'] = [2, 'batch', 64], type = 'float32'): ContractPort => ({
    name,
    type,
    dims,
  });
  const statesOf = (inputs: readonly ContractPort[], outputs: readonly ContractPort[]) =>
    feedbackPairs(inputs, outputs).map(({ input, output }) => `${output} → ${input}`);

  it.each([
    [['state'], ['stateN']],
    [
      ['h0', 'c0'],
      ['hn', 'cn'],
    ],
    [
      ['h', 'c'],
      ['hn', 'cn'],
    ],
    [['h_0'], ['h_n']],
    [['hidden_in'], ['hidden_out']],
    [['h'], ['h_out']],
    [['prev_state'], ['next_state']],
    [['prev_state'], ['state']],
    [
      ['states.0', 'states.1'],
      ['new_states.0', 'new_states.1'],
    ],
    [
      ['cached_len_0', 'cached_len_1'],
      ['new_cached_len_0', 'new_cached_len_1'],
    ],
    [
      ['in_cache0', 'in_cache1'],
      ['out_cache0', 'out_cache1'],
    ],
    [['cache_last_channel'], ['cache_last_channel_next']],
    [
      ['input_states_1', 'input_states_2'],
      ['output_states_1', 'output_states_2'],
    ],
    [
      ['r1i', 'r2i'],
      ['r1o', 'r2o'],
    ],
    [['encoder_state:0'], ['encoder_state_out:0']],
  ])('pairs states by their names: %j and %j', (inputs, outputs) => {
    const others = [state('input'), state('x')];
    const found = statesOf(
      [...others, ...inputs.map((name) => state(name))],
      [state('output'), state('y'), ...outputs.map((name) => state(name))],
    );
    expect(found).toEqual(outputs.map((name, i) => `${name} → ${inputs[i]}`));
  });

  it('pairs no states that differ, are several for one, or are none', () => {
    expect(statesOf([state('state')], [state('stateN', [null, null, null])])).toEqual(['stateN → state']);
    expect(statesOf([state('state')], [state('stateN', null)])).toEqual(['stateN → state']);
    expect(statesOf([state('state')], [state('stateN', [2, 'batch', 32])])).toEqual([]);
    expect(statesOf([state('state')], [state('stateN', ['batch', 64])])).toEqual([]);
    expect(statesOf([state('state')], [state('stateN', [2, 'batch', 64], 'float16')])).toEqual([]);
    expect(statesOf([state('state')], [state('stateN'), state('new_state')])).toEqual([]);
    expect(statesOf([state('state_in'), state('prev_state')], [state('state_out')])).toEqual([]);
    // One shape, and no name in common.
    expect(statesOf([state('state')], [state('memory_out')])).toEqual([]);
    expect(statesOf([state('image_in')], [state('image_out')])).toEqual([]);
    expect(statesOf([state('input')], [state('output')])).toEqual([]);
    expect(statesOf([state('hidden_states')], [state('out_hidden_states')])).toEqual([]);
    expect(statesOf([state('h1')], [state('hn')])).toEqual([]);
  });
});

describe('unflatten', () => {
  it('names the port that is missing', () => {
    const structure = { inputs: {}, outputs: { y: { kind: 'tensor', port: 'y' } as const } };
    expect(() => unflatten({ z: { type: 'float32', dims: [], data: [1] } }, { structure })).toThrow('"y"; found z');
  });

  it('refuses the results of another model', () => {
    const outputs = [{ name: 'y', type: 'float32' }];
    const contract = { structure: { outputs: { y: { kind: 'tensor', port: 'y' } } }, outputs };
    const y = { type: 'float32', dims: [], data: [1] };
    expect(unflatten({ y }, contract)).toEqual({ y });
    expect(() => unflatten({ y, z: y }, contract)).toThrow('expected one of the outputs y; found "z". The contract is');
    expect(() => unflatten({ y: { ...y, type: 'float16' } }, contract)).toThrow(
      'expected float32 in "y"; found float16',
    );
  });

  it('refuses what is no contract', () => {
    const structure = { outputs: { y: { kind: 'tree', port: 'y' } } };
    expect(() => unflatten({ y: { type: 'float32', dims: [], data: [1] } }, { structure })).toThrow(
      'found {"kind":"tree"',
    );
  });

  it('gives views of the data, without a copy', () => {
    const data = Float32Array.of(1, 2, 3, 4);
    const structure = { inputs: {}, outputs: { y: { kind: 'stack', port: 'y' } as const } };
    const { y } = unflatten<{ y: { data: Float32Array }[] }>(
      { y: { type: 'float32', dims: [2, 2], data } },
      { structure },
    );
    expect(y[1]?.data).toEqual(Float32Array.of(3, 4));
    expect(y[1]?.data.buffer).toBe(data.buffer);
  });
});

it('the declarations compile, and name what a program uses', async () => {
  const { model: flat } = await applyPass(flattenOutputs({ group: ['copy'] }), model());
  const contract = contractOf(flat);
  writeFileSync(join(folder, 'model.d.ts'), declarationsOf(contract));
  writeFileSync(join(folder, 'model.contract.json'), JSON.stringify(contract));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const library = join(root, 'src/contract/unflatten.js');
  writeFileSync(
    join(folder, 'use.ts'),
    `import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { unflatten } from ${JSON.stringify(library)};
import contract from './model.contract.json' with { type: 'json' };
import type { Inputs, Outputs, Structure } from './model.js';

export async function run(session: InferenceSession): Promise<number> {
  const feeds = { x: new Tensor('float32', new Float32Array(2), [1, 2]), "it's": new Tensor('float32', [0]) } satisfies Inputs;
  const results = await session.run(feeds);
  const { p, s, rows, '1 id': id, half } = unflatten<Structure>(results, contract);
  const probability: number | undefined = p[0]?.get("it's");
  // @ts-expect-error: no such label
  p[0]?.get('c');
  // @ts-expect-error: a sequence of two
  s[2];
  const typed = results as unknown as Outputs;
  const labels: BigInt64Array = id.data;
  return (probability ?? 0) + (s[1].data[0] ?? 0) + (rows[0]?.data[0] ?? 0) + labels.length + half.data.length + typed.p.dims.length;
}
`,
  );
  const flags =
    '--noEmit --strict --target es2023 --module nodenext --skipLibCheck --resolveJsonModule --noUncheckedIndexedAccess'.split(
      ' ',
    );
  const compile = () =>
    execFileSync(
      process.execPath,
      [
        join(root, 'node_modules/typescript/bin/tsc'),
        ...flags,
        '--types',
        'node',
        '--typeRoots',
        join(root, 'node_modules/@types'),
        'use.ts',
      ],
      { cwd: folder, encoding: 'utf8' },
    );
  let said = '';
  try {
    compile();
  } catch (error) {
    said = String((error as { stdout?: string }).stdout ?? error);
  }
  expect(said).toBe('');
});

describe('the files beside a result', () => {
  it('the declarations stand a part a line where a line would be too wide', async () => {
    const cache = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 4]);
      for (const layer of [0, 1])
        for (const name of ['key', 'value']) g.output(`present.${layer}.${name}`, g.op('Neg', [x]));
      g.output('pair', g.op('SequenceConstruct', [x, x]), { kind: 'sequence', elem: tensorType('float32') });
    });
    const { model: flat } = await applyPass(flattenOutputs({ group: ['present.*'] }), cache);
    const text = declarationsOf(contractOf(flat));
    const layer = `    {
      readonly key: Tensor<'float32', Float32Array, ['batch', 4]>;
      readonly value: Tensor<'float32', Float32Array, ['batch', 4]>;
    },
`;
    expect(text).toContain(`  readonly present: readonly [\n${layer}${layer}  ];\n`);
    expect(text).toContain(
      "  readonly pair: readonly [Tensor<'float32', Float32Array, ['batch', 4]>, Tensor<'float32', Float32Array, ['batch', 4]>];\n",
    );
  });

  it('are written where flatten-outputs runs, and overwrite only their own', async () => {
    const input = join(folder, 'in.onnx');
    await writeModel(model(), input);
    const out = join(folder, 'out.onnx');
    const job = (options: Parameters<typeof optimizeFile>[2]) =>
      optimizeFile(input, 'return-tuple', { out, validate: false, verify: 'none', ...options });
    const report = await job({});
    expect(report.output?.files).toEqual([out, join(folder, 'out.contract.json'), join(folder, 'out.d.ts')]);
    const contract = contractSchema.parse(JSON.parse(readFileSync(join(folder, 'out.contract.json'), 'utf8')));
    expect(contract.outputs).toHaveLength(7);
    const sha256 = createHash('sha256').update(readFileSync(out)).digest('hex');
    expect(contract.model).toEqual({ file: 'out.onnx', sha256 });
    await job({ outputs: ['p', 's'] });
    const less = contractSchema.parse(JSON.parse(readFileSync(join(folder, 'out.contract.json'), 'utf8')));
    expect(Object.keys(less.structure.outputs)).toEqual(['p', 's']);
    writeFileSync(join(folder, 'out.d.ts'), 'export {};');
    await expect(job({})).rejects.toThrow(/out\.d\.ts: expected no file, or one that an earlier run wrote/);
    expect(readFileSync(join(folder, 'out.d.ts'), 'utf8')).toBe('export {};');
    await job({ contract: false });
    await job({ force: true });
    expect(readFileSync(join(folder, 'out.d.ts'), 'utf8')).toContain('export type Outputs');
    expect(readdirSync(folder).filter((name) => name.includes('.tmp'))).toEqual([]);
  });

  it('are written for other passes where they are asked for, and named outputs bring the pass', async () => {
    const input = join(folder, 'plain.onnx');
    await writeModel(
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', [2]);
        g.output('y', g.op('Neg', [g.op('Identity', [x])]));
        g.output('z', g.op('Abs', [x]));
      }),
      input,
    );
    const out = join(folder, 'plain-out.onnx');
    const job = (options: Parameters<typeof optimizeFile>[2]) =>
      optimizeFile(input, 'simplify', { out, validate: false, verify: 'none', ...options });
    expect((await job({})).output?.files).toEqual([out]);
    expect((await job({ contract: true })).output?.files).toHaveLength(3);
    const report = await job({ outputs: ['y'] });
    expect(report.passes.map(({ name }) => name)).toEqual(['flatten-outputs', 'simplify']);
    await expect(job({ outputs: ['yy'] })).rejects.toThrow('did you mean "y"');
  });
});
