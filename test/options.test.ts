import { expect, it } from 'vitest';
import {
  bisect,
  buildModel,
  explain,
  inferTypes,
  inspectModel,
  optimize,
  optimizeFile,
  passes,
  readModel,
  reportText,
  UsageError,
  validate,
  writeModel,
} from '../src/index.js';

const model = buildModel({ '': 17 }, (g) => {
  g.output('y', g.op('Relu', [g.input('x', 'float32', [2])]), 'float32', [2]);
});
/** Every public function that takes options, with one that it has. */
const functions: readonly [name: string, known: string, call: (options: never) => unknown][] = [
  ['optimize', 'verify', (options) => optimize(model, 'simplify', options)],
  ['optimizeFile', 'validate', (options) => optimizeFile('none.onnx', 'simplify', options)],
  ['validate', 'fidelity', (options) => validate(model, model, options)],
  ['bisect', 'allowOutsideData', (options) => bisect(model, model, options)],
  ['explain', 'rule', (options) => explain(model, options)],
  ['readModel', 'allowOutsideData', (options) => readModel('none.onnx', options)],
  ['writeModel', 'externalData', (options) => writeModel(model, 'none/none.onnx', options)],
  ['inferTypes', 'bindings', (options) => inferTypes(model, options)],
  ['inspectModel', 'values', (options) => inspectModel(model, inferTypes(model), options)],
  ['reportText', 'width', (options) => reportText({} as never, options)],
];

/** What a call rejects with, or throws. */
const faultOf = async (call: () => unknown): Promise<unknown> => {
  try {
    return await call();
  } catch (error) {
    return error;
  }
};

it.each(functions)('%s names an option that it does not have, and the near one', async (name, known, call) => {
  const near = `${known.slice(0, -1)}${known.at(-1)}s`;
  const unknown = await faultOf(() => call({ [near]: undefined } as never));
  expect(unknown).toBeInstanceOf(UsageError);
  expect((unknown as Error).message).toBe(`${name}: unknown option "${near}"; did you mean "${known}"?`);
  for (const key of ['__proto__', 'constructor', 'toString']) {
    const found = await faultOf(() => call(JSON.parse(`{"${key}": {}}`) as never));
    expect((found as Error).message).toContain(`${name}: unknown option "${key}"`);
  }
  const symbolic = await faultOf(() => call({ [known]: Symbol('s') } as never));
  expect((symbolic as Error).message).toMatch(new RegExp(`^${name}: ${known}: expected .*; found Symbol\\(s\\)$`));
  const list = await faultOf(() => call([] as never));
  expect((list as Error).message).toBe(`${name}: expected an object of options; found a list`);
});

it.each([
  [{ seed: '7' }, 'optimize: seed: expected a whole number; found "7"'],
  [{ dims: { n: -1 } }, 'optimize: dims.n: expected a size, as 4, or a range, as 1..512 or 64..128:8; found -1'],
  [
    { target: 'gpu' },
    'optimize: target: expected auto | cpu | cuda | webgpu | cuda:sm80 | cuda:sm86 | cuda:sm89 | cuda:sm90; found "gpu"',
  ],
  [{ onProgress: true }, 'optimize: onProgress: expected a function; found true'],
  [{ signal: {} }, 'optimize: signal: expected an AbortSignal; found {}'],
  [
    { onGate: 'warn', tune: 1n },
    'optimize: tune: expected true or false; found 1; optimize: onGate: expected throw | report; found "warn"',
  ],
])('says what an option expects: %o', async (options, message) => {
  expect(await faultOf(() => optimize(model, [passes.simplify()], options as never))).toMatchObject({
    name: 'UsageError',
    message,
  });
});

it('takes own properties alone', async () => {
  const inherited = Object.create({ verify: 'everything' }) as object;
  await expect(optimize(model, 'simplify', { ...inherited, verify: 'none' })).resolves.toBeDefined();
  await expect(
    optimize(model, 'simplify', Object.assign(inherited, { target: 'cpu' as const })),
  ).resolves.toBeDefined();
});
