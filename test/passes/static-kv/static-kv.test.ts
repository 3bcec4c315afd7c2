/** A decoder whose cache has a fixed length says what the original says, token by token. */
import { beforeAll, describe, expect, it } from 'vitest';
import { generate } from '../../../fixtures/kinds.js';
import { passes } from '../../../passes/index.js';
import { staticKv } from '../../../passes/static-kv.js';
import { contractOf } from '../../../src/contract/contract.js';
import { inferTypes } from '../../../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import { type Dim, symbol, unknownDim } from '../../../src/ir/dims/dims.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { tensorType, typeText } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import { raiseOpset } from '../../../src/opset/raise.js';
import { optimize } from '../../../src/optimize.js';
import { applyPass, checkMiss, checkPass, compareTensors, opCounts } from '../../check-pass.js';
import { openModel } from '../../run-model.js';

const STEPS = 64;
const LENGTH = 80;
const PROMPT = [5, 17, 300, 42, 7];

const decoder = (): Model => generate('decoder', 'miniature', 4).model;
const raised = (version: number): Model => {
  const model = decoder();
  raiseOpset(model, version);
  return model;
};
const ids = (values: readonly number[]): Tensor => tensorOf('int64', values, [1, values.length]);
const counted = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** The likeliest token after the last. */
function likeliest(logits: Tensor): number {
  const width = logits.shape.at(-1) as number;
  const last = [...numbersOf(logits)].slice(-width);
  return last.indexOf(Math.max(...last));
}

/** Greedy tokens: what was fed is a prompt, and then each token with the caches of the step before. */
async function greedy(model: Model, cache: 'grows' | 'stays'): Promise<{ tokens: number[]; logits: Tensor[] }> {
  const { inputs, pairs } = contractOf(model);
  const session = await openModel(await writeModel(model));
  let caches = Object.fromEntries(
    pairs.map(({ input }) => {
      const { dims } = inputs.find(({ name }) => name === input) as (typeof inputs)[0];
      const shape = (dims ?? []).map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? 1 : 0));
      return [input, tensorOf('float32', new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)];
    }),
  );
  const [tokens, logits]: [number[], Tensor[]] = [[], []];
  let [fed, past] = [PROMPT, 0];
  for (let step = 0; step < STEPS; step++) {
    const total = past + fed.length;
    const seen = cache === 'grows' ? total : LENGTH;
    const found = await session.run({
      input_ids: ids(fed),
      position_ids: ids(counted(past, total)),
      attention_mask: ids(new Array<number>(seen).fill(1)),
      cache_position: tensorOf('int64', [past], [1]),
      ...caches,
    });
    caches = Object.fromEntries(pairs.map(({ input, output }) => [input, found[output] as Tensor]));
    logits.push(found['logits'] as Tensor);
    fed = [likeliest(found['logits'] as Tensor)];
    tokens.push(fed[0] as number);
    past = total;
  }
  await session.release();
  return { tokens, logits };
}

const dimOf = (name: string | undefined): Dim => (name === undefined ? unknownDim() : symbol(name));

describe('static-kv', () => {
  let grown: Awaited<ReturnType<typeof greedy>>;
  beforeAll(async () => {
    grown = await greedy(decoder(), 'grows');
  });

  it('gives equal tokens over 64 steps, and the contract says what is fed back', async () => {
    const { model } = await checkPass(staticKv({ length: LENGTH }), {
      before: decoder(),
      within: 0,
      keepsInterface: false,
    });
    const stayed = await greedy(model, 'stays');
    expect(stayed.tokens).toEqual(grown.tokens);
    // Masked places add zeros to sums, in another order.
    for (const [step, logits] of grown.logits.entries())
      compareTensors({ logits: stayed.logits[step] as Tensor }, { logits }, 1e-4);
    expect(contractOf(model).cache).toMatchObject({
      length: LENGTH,
      position: 'cache_position',
      added: { input: 'input_ids', axis: 1 },
      masks: [{ input: 'attention_mask', axis: 1 }],
    });
    expect(contractOf(model).pairs).toContainEqual({ output: 'present.1.value', input: 'past_key_values.1.value' });
  });

  it('leaves no open dim in a decoding step, through all fusions, and is verified against the growing cache', async () => {
    const { model, report } = await optimize(
      decoder(),
      [staticKv({ length: 24 }), passes.simplify(), passes.fuseAttn()],
      {
        dims: { batch: 1, sequence: 1 },
      },
    );
    expect(report.passes.map(({ status, verdict }) => [status, verdict?.outcome])).toEqual(
      new Array(4).fill(['applied', 'accepted']),
    );
    const read = await readModel(await writeModel(model));
    inferTypes(read);
    const open = [...read.graph.values()].filter(({ shape }) => !shape || shape.some((dim) => typeof dim !== 'number'));
    expect(open.map(({ name, type }) => `${name} ${typeText(type)}`)).toEqual([]);
  });

  it.each<[string, (axis: string, place: number) => string | undefined]>([
    ['of their own', (axis, place) => `s${axis}${place}`],
    ['that are missing', () => undefined],
  ])('takes lengths for one that have names %s', async (_, nameOf) => {
    const before = decoder();
    before.graph.inputs.forEach((input, place) => {
      if (input.type?.kind !== 'tensor') return;
      const shape = input.shape?.map((dim) =>
        typeof dim !== 'number' && /past|total/.test(String(dim)) ? dimOf(nameOf(String(dim), place)) : dim,
      );
      input.type = tensorType(input.type.elem, shape);
    });
    before.graph.outputs.forEach((value, at) => {
      const { name, type } = before.graph.outputPorts[at] as (typeof before.graph.outputPorts)[0];
      if (type?.kind !== 'tensor' || name === 'logits') return;
      before.graph.output(
        name,
        value,
        tensorType(
          type.elem,
          type.shape?.map((dim, axis) => (axis === 2 ? dimOf(nameOf('all', at)) : dim)),
        ),
      );
    });
    const { model, result } = await checkPass(staticKv({ length: LENGTH }), {
      before,
      within: 0,
      keepsInterface: false,
    });
    expect(result.notes.map(({ text }) => text)).toContain(
      '4 names of the lengths of caches are one length: all begin empty and grow by the same tokens',
    );
    expect((await greedy(model, 'stays')).tokens).toEqual(grown.tokens);
    expect(contractOf(model).cache?.masks).toEqual([{ input: 'attention_mask', axis: 1 }]);
  });

  it('writes with TensorScatter from opset 24', async () => {
    const { model } = await applyPass(staticKv({ length: LENGTH }), raised(24));
    expect(opCounts(model)).toMatchObject({ TensorScatter: 4 });
    expect((await greedy(model, 'stays')).tokens).toEqual(grown.tokens);
  });

  it('tells why it leaves a model alone', async () => {
    const refuses = (reason: string, define: (g: GraphBuilder) => void, pass = staticKv()) =>
      checkMiss(pass, { before: buildModel({ '': 17 }, define), reason });
    const shape = ['b', 2, 'past', 4];
    const grown = (g: GraphBuilder, name = 'past_key', axis = 2) => {
      const past = g.input(name, 'float32', shape);
      return { past, all: g.op('Concat', [past, g.input(`${name}_new`, 'float32', ['b', 2, 's', 4])], { axis }) };
    };
    await refuses('no output is an input with new tokens', (g) =>
      g.output('y', g.op('Relu', [g.input('x', 'float32', [2])])),
    );
    await refuses('it is a merged decoder', (g) => {
      const past = g.input('past_key', 'float32', shape);
      const fresh = g.input('new', 'float32', ['b', 2, 's', 4]);
      const branch = (name: string) =>
        g.body(name, (b) => b.output('all', b.op('Concat', [past, fresh], { axis: 2 }), 'float32', ['b', 2, 'all', 4]));
      const branches = { then_branch: branch('then'), else_branch: branch('else') };
      g.output('present', g.op('If', [g.input('use_cache_branch', 'bool', [1])], branches));
    });
    await refuses('no Softmax over the tokens', (g) => g.output('present', grown(g).all));
    await refuses('no output is an input with new tokens', (g) => {
      const { past, all } = grown(g);
      g.output('present', all);
      g.output('other', g.op('Relu', [past]));
    });
    await refuses('an input grows with the cache', (g) => {
      g.output('present', grown(g).all);
      g.output('other', g.op('Relu', [g.input('x', 'float32', ['past'])]));
    });
    await refuses('it reads the length of the cache in a way', (g) => {
      const { past, all } = grown(g);
      g.output('present', all);
      g.output('length', g.op('Gather', [g.op('Shape', [past]), g.ints(2)]));
      g.output(
        'weights',
        g.op('Softmax', [
          g.op('MatMul', [g.input('q', 'float32', ['b', 2, 's', 4]), g.op('Transpose', [all], { perm: [0, 1, 3, 2] })]),
        ]),
      );
    });
    await refuses('GroupQueryAttention keeps the cache itself', (g) => {
      const [past, values] = ['past_key', 'past_value'].map((name) => g.input(name, 'float32', shape)) as [
        Value,
        Value,
      ];
      const q = g.input('q', 'float32', ['b', 's', 8]);
      const counts = [g.input('seqlens_k', 'int32', ['b']), g.input('total', 'int32', [])];
      const attributes = { num_heads: 2, kv_num_heads: 2 };
      const options = { domain: 'com.microsoft', outputs: 3 };
      const node = g.node('GroupQueryAttention', [q, q, q, past, values, ...counts], attributes, options);
      for (const [i, value] of node.outputs.entries()) g.output(`y${i}`, value as Value);
    });
  });
});
