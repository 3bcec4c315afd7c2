/** Times of nodes, from the runtime's profile. */
import { expect, it } from 'vitest';
import { readTrace } from '../../src/runtime/trace.js';

const event = (name: string, op: string, ts: number, dur: number) => ({
  ...{ cat: 'Node', name: `${name}_kernel_time`, ts, dur },
  args: { op_name: op, provider: 'CPUExecutionProvider' },
});

it('counts what runs in a body once: at its own node', () => {
  // In the order in which the runtime writes them: when they end. The Loop runs its body twice, with an If in it.
  const trace = [
    event('first', 'Tanh', 0, 40),
    event('inner', 'Mul', 60, 10),
    event('if', 'If', 55, 20),
    event('inner', 'Mul', 80, 10),
    event('if', 'If', 78, 15),
    event('loop', 'Loop', 50, 50),
    event('last', 'Neg', 100, 5),
  ];
  expect(readTrace(JSON.stringify(trace)).map(({ name, ms }) => [name, Math.round(ms * 1000)])).toEqual([
    ...[['first', 40]],
    ...[
      ['inner', 10],
      ['if', 10],
      ['inner', 10],
      ['if', 5],
    ],
    ...[
      ['loop', 15],
      ['last', 5],
    ],
  ]);
});
