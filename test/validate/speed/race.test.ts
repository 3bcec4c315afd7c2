import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildModel } from '../../../src/ir/build.js';
import { writeModel } from '../../../src/onnx/write.js';
import { Deadline } from '../../../src/run/pipeline/deadline.js';
import { RuntimeProcess } from '../../../src/runtime/isolate.js';
import { race } from '../../../src/validate/speed/race.js';

const model = (count: number) =>
  buildModel({ '': 17 }, (g) => {
    let x = g.input('x', 'float32', [64]);
    for (let i = 0; i < count; i++) x = g.op('Sin', [x]);
    g.output('y', x, 'float32', [64]);
  });
const feeds = { x: { type: 'float32', shape: [64], data: new Uint8Array(256) } } as const;
const options = { load: { provider: 'cpu', threads: 1 }, by: 'cpuMs', budgetMs: 100, patience: 3 } as const;

let runtimes: RuntimeProcess[];
let bytes: Uint8Array[];
beforeAll(async () => {
  runtimes = [await RuntimeProcess.start(), await RuntimeProcess.start()];
  bytes = [await writeModel(model(3)), await writeModel(model(4))];
});
afterAll(async () => {
  for (const runtime of runtimes) await runtime.close();
});

/** The two contenders; what is loaded where is written down. */
function contenders(loads: string[]) {
  const watched = (place: number): RuntimeProcess =>
    new Proxy(runtimes[place] as RuntimeProcess, {
      get: (runtime, name) => {
        if (name !== 'load') return Reflect.get(runtime, name, runtime);
        return (...given: Parameters<RuntimeProcess['load']>) => {
          loads.push(`${given[0] === bytes[0] ? 'original' : 'result'} in ${place}`);
          return runtime.load(...given);
        };
      },
    });
  return {
    original: { runtime: watched(0), model: bytes[0] as Uint8Array },
    result: { runtime: watched(1), model: bytes[1] as Uint8Array },
  };
}

it('loads both models anew for every heat, in processes and an order that change', async () => {
  const loads: string[] = [];
  const found = await race(contenders(loads), feeds, options);
  expect(found?.decided.pairs).toBeGreaterThanOrEqual(2);
  expect(loads.slice(0, 4)).toEqual(['original in 0', 'result in 1', 'original in 1', 'result in 0']);
  const fully = ['original in 0', 'result in 1', 'original in 1', 'result in 0', 'result in 1', 'original in 0'];
  expect(loads.slice(0, 6)).toEqual(fully.slice(0, Math.min(6, loads.length)));
  expect(found?.ms.original).toHaveLength(found?.ms.result.length as number);
});

it('ends with its deadline: with two pairs at least, or with none', async () => {
  const loads: string[] = [];
  const over = await race(contenders(loads), feeds, { ...options, deadline: new Deadline(0) });
  // One heat; how many pairs are in it is a question of how long loading takes.
  expect(loads).toHaveLength(2);
  expect(over?.decided.pairs ?? 2).toBeGreaterThanOrEqual(2);
  const short = new Deadline(50);
  const found = await short.spend(() => race(contenders([]), feeds, { ...options, budgetMs: 60_000, deadline: short }));
  expect(found?.decided.pairs ?? 2).toBeLessThan(40);
});
