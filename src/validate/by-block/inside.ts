/** The order in which inner values are compared: where time is short, the ends of parts, then the parts in which the error begins, then the others. */
import type { Value } from '../../ir/value.js';
import type { ModelPart } from '../../region/blocks/parts.js';
import type { Allowance } from './allowance.js';
import { driftsIn } from './drift.js';
import type { ModelPair } from './model-pair.js';

/** Adds the errors of inner values to those of outputs, as far as time allows. */
export async function addInsideErrors(
  both: ModelPair,
  errors: Map<Value, number>,
  parts: readonly ModelPart[],
  floor: number,
  time: Allowance,
): Promise<void> {
  const done = new Set<Value>();
  const compare = async (values: readonly Value[]): Promise<void> => {
    for (const batch of both.batches(values.filter((value) => !done.has(value))))
      await time.step(async () => {
        for (const value of batch) done.add(value);
        for (const [value, error] of await both.errorsOf(batch)) errors.set(value, error);
      });
  };
  if (time.isLimited) {
    const ends = new Set(parts.flatMap(endsOf));
    await compare(both.inside.filter((value) => ends.has(value)));
    const [begins] = driftsIn(both.original.graph, errors, floor);
    const near = new Set(
      parts.filter(({ nodes }) => nodes.some((node) => begins?.nodes.includes(node))).flatMap(({ nodes }) => nodes),
    );
    await compare(both.inside.filter(({ producer }) => producer && near.has(producer)));
  }
  await compare(both.inside);
}

/** The last value of a part that is read outside of it. */
function endsOf({ nodes }: ModelPart): Value[] {
  const own = new Set(nodes);
  const read = nodes.flatMap(({ outputs }) =>
    outputs.filter(
      (value): value is Value => value !== undefined && [...value.uses].some(({ node }) => !own.has(node)),
    ),
  );
  return read.slice(-1);
}
