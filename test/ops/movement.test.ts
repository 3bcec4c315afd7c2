/** What rows say of movement is what the runtime does, and every reader of it reads every op that moves. */
import { describe, expect, test } from 'vitest';
import { simplify } from '../../passes/simplify.js';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../src/ir/tensors/tensor.js';
import type { Value } from '../../src/ir/value.js';
import { blockOf, movedLanes, widthOf } from '../../src/match/views/lanes.js';
import { fillOf } from '../../src/match/views/scalar.js';
import { type AxisFactor, leavesOf, viewOf } from '../../src/match/views/view.js';
import { writeModel } from '../../src/onnx/write.js';
import { heldBy, movementOf, outputsFrom } from '../../src/ops/moved.js';
import { placeAt, unmoved } from '../../src/ops/movement.js';
import { rowOf } from '../../src/ops/registry.js';
import { optimize } from '../../src/optimize.js';
import { Random } from '../../src/validate/inputs/random.js';
import { runModel } from '../run-model.js';
import { type Case, casesOf } from './mover-cases.js';
import { OPSET, schemas } from './one-op.js';

const CASES = 16;
const SEED = 62;

const movers = schemas.map(({ opType }) => opType).filter((opType) => rowOf({ domain: '', opType })?.moves);

type Given = 'inputs' | 'constants' | 'sevens';

/** One model of all cases: y{case}_{output}. The data are inputs, or constants, in small whole numbers, or all seven. */
function modelOf(
  opType: string,
  cases: readonly Case[],
  given: Given,
): { model: Model; feeds: Record<string, Tensor> } {
  const feeds: Record<string, Tensor> = {};
  const model = buildModel(
    { '': OPSET },
    (g) => {
      cases.forEach(({ data, others = {}, attributes, outputs = 1 }, at) => {
        let next = 1;
        const inputs: (Value | undefined)[] = [];
        for (const [slot, tensor] of Object.entries(others)) inputs[Number(slot)] = g.constant(tensor);
        for (const [slot, shape] of Object.entries(data)) {
          const numbers = Array.from({ length: elementCount(shape) }, () => (given === 'sevens' ? 7 : next++));
          const tensor = tensorOf(given === 'constants' ? 'int64' : 'float32', numbers, shape);
          const name = `x${at}_${slot}`;
          if (given === 'inputs') feeds[name] = tensor;
          inputs[Number(slot)] = given === 'inputs' ? g.input(name, 'float32', shape) : g.constant(tensor);
        }
        const node = g.node(opType, Array.from(inputs), attributes, { outputs });
        node.outputs.forEach((value, index) => {
          if (value) g.output(`y${at}_${index}`, given === 'constants' ? g.op('Reshape', [value, g.ints(-1)]) : value);
        });
      });
    },
    11,
  );
  return { model, feeds };
}

/** Coordinates of every element, in order. */
function* coordinatesIn(shape: readonly number[]): Iterable<number[]> {
  for (let i = 0; i < elementCount(shape); i++) {
    let rest = i;
    yield shape.map((_, axis) => {
      const inner = elementCount(shape.slice(axis + 1));
      const at = Math.floor(rest / inner);
      rest %= inner;
      return at;
    });
  }
}
const at = ({ shape }: Tensor, place: readonly number[]): number =>
  shape.reduce((index, size, axis) => index * size + (place[axis] as number), 0);

describe.each(movers)('%s', (opType) => {
  const make = casesOf(Random.of(SEED, opType))[opType];
  const cases = make ? Array.from({ length: CASES }, make) : [];
  const moves = rowOf({ domain: '', opType })?.moves;
  const { model, feeds } = modelOf(opType, cases, 'inputs');
  const facts = inferTypes(model);
  const results = writeModel(model).then((bytes) => runModel(bytes, feeds));

  /** Every moved output, with what the runtime gives for it and for what it is made of. */
  async function* moved(): AsyncIterable<{ value: Value; result: Tensor; of: (source: Value) => Tensor }> {
    const tensors = await results;
    for (const [i, value] of model.graph.outputs.entries())
      if (heldBy(value)) {
        const result = tensors[model.graph.outputPorts[i]?.name ?? ''] as Tensor;
        yield { value: value as Value, result, of: (source) => source.tensor ?? (feeds[source.name] as Tensor) };
      }
  }

  test('has cases', () => expect(cases.length).toBe(CASES));

  test('gives elements of what its row names, or its fill', async () => {
    let count = 0;
    for await (const { value, result, of } of moved()) {
      const { sources, fill, recast } = heldBy(value) as NonNullable<ReturnType<typeof heldBy>>;
      const known = new Set(sources.flatMap((source) => [...numbersOf(of(source))]));
      if (fill !== undefined) known.add(fill);
      const cast = new Set(recast ? [...known].map((number) => recast(number, value.elem)) : known);
      for (const number of numbersOf(result)) expect(cast).toContain(number);
      for (const [index, source] of (value.producer?.inputs ?? []).entries())
        if (source && sources.includes(source)) expect(outputsFrom(value.producer!, index)).toContain(value);
      count++;
    }
    expect(count).toBeGreaterThanOrEqual(CASES);
  });

  test('moves them as its row describes', async () => {
    let described = 0;
    for await (const { value, result, of } of moved()) {
      const movement = movementOf(value, facts, true);
      if (!movement) continue;
      described++;
      const numbers = numbersOf(result);
      if (unmoved(movement, value.shape))
        expect([...numbers]).toEqual([...numbersOf(of((movement as { source: Value }).source))]);
      if (movement.kind === 'regrouped') {
        expect([...numbers]).toEqual([...numbersOf(of(movement.source))]);
        continue;
      }
      let i = 0;
      for (const place of coordinatesIn(result.shape)) {
        const expected = numbers[i++];
        if (movement.kind === 'joined') {
          let rest = place[movement.axis] as number;
          const source = movement.sources.find((one) => {
            const size = of(one).shape[movement.axis] as number;
            if (rest < size) return true;
            rest -= size;
            return false;
          });
          const tensor = of(source as Value);
          expect(numbersOf(tensor)[at(tensor, place.with(movement.axis, rest))]).toBe(expected);
          continue;
        }
        const tensor = of(movement.source);
        const there = movement.places.map((one) => placeAt(one, place));
        if (!there.every((one) => typeof one === 'number')) continue;
        const isInside = there.every((one, axis) => one >= 0 && one < (tensor.shape[axis] as number));
        const { outside } = movement;
        const fill = typeof outside === 'object' ? numbersOf(of(outside))[0] : outside;
        expect(isInside ? numbersOf(tensor)[at(tensor, there)] : fill).toBe(expected);
      }
    }
    if (moves?.how) expect(described).toBeGreaterThan(CASES / 2);
  });

  test('is read as a view, as lanes and as a fill', async () => {
    let lanes = 0;
    let isRead = false;
    for await (const { value, result, of } of moved()) {
      const numbers = numbersOf(result);
      const movement = movementOf(value, facts);
      const isPlaced = movement?.kind === 'placed';
      const isKnown = !isPlaced || (movement.outside === undefined && !movement.places.some(({ by }) => by));
      isRead ||= movement !== undefined && numbers.length > 0 && isKnown;
      const view = viewOf(value, facts, true);
      if (view && view.base !== value) {
        const base = of(view.base);
        let i = 0;
        for (const place of coordinatesIn(result.shape)) {
          const parts = new Map<AxisFactor, number>();
          view.axes.forEach((factors, axis) => {
            let rest = place[axis] as number;
            for (const one of leavesOf(factors).toReversed()) {
              parts.set(one, rest % (one.size as number));
              rest = Math.floor(rest / (one.size as number));
            }
          });
          const there = view.baseAxes.map((factors) =>
            leavesOf(factors).reduce((index, one) => index * (one.size as number) + (parts.get(one) as number), 0),
          );
          expect(numbersOf(base)[at(base, there)]).toBe(numbers[i++]);
        }
      }
      for (let rank = 1; rank <= result.shape.length; rank++) {
        const width = widthOf(blockOf(value.shape, rank) ?? [0]);
        movedLanes(value, rank, facts)?.forEach((lane, i) => {
          lanes++;
          const own = widthOf(blockOf(lane.value.shape, lane.rank) ?? [0]);
          for (let lead = 0; lead * width < numbers.length; lead++)
            expect(numbersOf(of(lane.value))[lead * own + lane.index]).toBe(numbers[lead * width + i]);
        });
      }
    }
    expect(lanes).toBeGreaterThanOrEqual(isRead ? 1 : 0);
    const sevens = modelOf(opType, cases, 'sevens').model;
    const filled = inferTypes(sevens);
    const given = await runModel(await writeModel(sevens), {});
    sevens.graph.outputs.forEach((value, i) => {
      const [fill, held] = [fillOf(value, filled), heldBy(value)];
      const numbers = [...numbersOf(given[sevens.graph.outputPorts[i]?.name ?? ''] as Tensor)];
      if (fill !== undefined) expect(new Set(numbers.length > 0 ? numbers : [fill])).toEqual(new Set([fill]));
      else if (
        held &&
        !held.isChoice &&
        held.fill === undefined &&
        !held.sources.some(({ shape }) => shape?.includes(0))
      )
        expect(new Set(numbers).size).not.toBe(1);
    });
  });

  test('has contents by inference, and is simplified, as it runs', async () => {
    const constants = modelOf(opType, cases, 'constants').model;
    const known = inferTypes(constants);
    const tensors = await results;
    constants.graph.outputs.forEach((value, i) => {
      const contents = value && known.contents(value);
      const name = constants.graph.outputPorts[i]?.name ?? '';
      if (contents) expect(contents).toEqual([...numbersOf(tensors[name] as Tensor)]);
    });
    const { model: simpler } = await optimize(model, [simplify()], { verify: 'none' });
    const after = await runModel(await writeModel(simpler), feeds);
    for (const [name, tensor] of Object.entries(tensors)) {
      expect(after[name]?.shape).toEqual(tensor.shape);
      expect([...numbersOf(after[name] as Tensor)]).toEqual([...numbersOf(tensor)]);
    }
  });
});
