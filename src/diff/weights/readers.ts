/** The nodes that compute with a weight: those that read it, or what constants alone make of it. */
import { append } from '../../ir/collections/lists.js';
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import { type DiffSide, isWeight, tensorOf } from '../side.js';

/** A constant that more nodes read is no mark of any of them. */
const MOST = 4;

/** For each two weights that are counterparts: the nodes that compute with them, each of the one with each of the other. */
export function weightReaders(
  before: DiffSide,
  after: DiffSide,
  constants: ReadonlyMap<Value, Value>,
): (readonly [Node, Node])[] {
  const [old, now] = [readersIn(before), readersIn(after)];
  return [...constants].flatMap(([value, twin]) => {
    if (!isWeight(value)) return [];
    const [own, its] = [old(value), now(twin)];
    return own.length > MOST || its.length > MOST
      ? []
      : own.flatMap((one) => its.map((other) => [one, other] as const));
  });
}

function readersIn({ nodes }: DiffSide): (value: Value) => Node[] {
  const decoding = new Set<Node>();
  const isStored = (value: Value | undefined): boolean =>
    value === undefined ||
    tensorOf(value) !== undefined ||
    (value.producer !== undefined && decoding.has(value.producer));
  for (const node of nodes)
    if (node.inputs.length > 0 && node.bodies.length === 0 && node.inputs.every(isStored)) decoding.add(node);
  return (value) => {
    const found = new Set<Node>();
    const stack = [...value.users];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (node.isEnd || found.has(node)) continue;
      if (!decoding.has(node)) found.add(node);
      else for (const output of node.outputs) append(stack, output?.users ?? []);
    }
    return [...found];
  };
}
