/** If, Loop and Scan: bodies are inferred with what they are handed; what changes from one iteration to the next is unknown. */

import { axisOf } from '../../ir/dims/axes.js';
import { type Dim, maxDim } from '../../ir/dims/dims.js';
import { isUnknown } from '../../ir/dims/symbols.js';
import type { Graph } from '../../ir/graph.js';
import { equalTypes, type Type, tensorType } from '../../ir/types.js';
import type { Call, InferRule, KnownValue, PartialDim, PartialShape } from '../call.js';
import { joinContents, joinShapes, joinTypes } from '../join.js';
import { exact } from '../precision.js';
import type { Rows } from '../row.js';

const conditional: InferRule = (call) => {
  const [then, otherwise] = [call.body('then_branch'), call.body('else_branch')];
  const branches = [then, otherwise].map((body) => (body ? call.infer(body, []) : []));
  const [a = [], b = []] = branches;
  const condition = call.scalar(0);
  call.node.outputs.forEach((value, index) => {
    if (!value) return;
    const known = condition === 1 ? a[index] : condition === 0 ? b[index] : undefined;
    const fill = (shape: PartialShape | undefined) => call.whole(value, shape);
    call.setType(index, known ? known.type : joinTypes(a[index]?.type, b[index]?.type, fill));
    call.setContents(index, known ? known.contents : joinContents(a[index]?.contents, b[index]?.contents));
  });
};

/** What a body's carried inputs are in every iteration, and what the body then gives. */
interface LoopInvariants {
  readonly carried: readonly KnownValue[];
  readonly outputs: readonly KnownValue[];
}

/** Widens what is known of the carried values until the body gives no more than that: a few rounds, then nothing is known. */
function settle(
  call: Call,
  body: Graph,
  first: number,
  initial: readonly KnownValue[],
  others: (carried: readonly KnownValue[]) => readonly KnownValue[],
  outputOffset: number,
): LoopInvariants {
  let carried = initial;
  for (let round = 0; ; round++) {
    // Each of loops in loops in loops would multiply the rounds.
    if (call.areVisitsSpent()) carried = carried.map(() => ({ type: undefined }));
    const outputs = call.infer(body, others(carried));
    const next = carried.map((known, index): KnownValue => {
      const value = body.inputs[index + first];
      const given = outputs[index + outputOffset];
      // Handed on as it is.
      if (value && body.outputs[index + outputOffset] === value) return known;
      if (!value || !given) return { type: undefined };
      const fill = (shape: PartialShape | undefined) => call.whole(value, shape);
      const type = round < MOST_ROUNDS ? widen(known.type, given.type, fill) : onlyElement(known.type, given.type);
      return { type };
    });
    const isSame = next.every(
      (known, index) => equalTypes(known.type, carried[index]?.type) && !hasMore(carried[index], known),
    );
    if (isSame) return { carried, outputs };
    carried = next;
  }
}

const MOST_ROUNDS = 4;
const hasMore = (a: KnownValue | undefined, b: KnownValue): boolean =>
  a?.contents !== undefined && b.contents === undefined;

function widen(a: Type | undefined, b: Type | undefined, fill: Parameters<typeof joinTypes>[2]): Type | undefined {
  if (a?.kind === 'tensor' && b?.kind === 'tensor') {
    if (a.elem !== b.elem || !a.shape) return a.elem === b.elem ? a : undefined;
    // A dim that is unknown already may become anything.
    const shape = b.shape && a.shape.length === b.shape.length ? b.shape : undefined;
    if (!shape) return tensorType(a.elem);
    const joined = joinShapes(a.shape, shape)?.map(
      (dim, axis) => dim ?? ownUnknown(a.shape?.[axis], fill, a.shape?.length ?? 0, axis),
    );
    return tensorType(a.elem, fill(joined));
  }
  // What an optional holds may be handed on by itself.
  if (a?.kind === 'optional' && b && b.kind !== 'optional')
    return { kind: 'optional', elem: a.elem && joinTypes(a.elem, b, () => undefined) };
  return joinTypes(loose(a), loose(b), fill);
}

/** The unknown dim that the widened value has at an axis, where it already has it. */
function ownUnknown(dim: PartialDim, fill: Parameters<typeof joinTypes>[2], rank: number, axis: number): PartialDim {
  const own = fill(new Array<PartialDim>(rank).fill(undefined))?.[axis];
  return dim !== undefined && own !== undefined && String(dim) === String(own) ? dim : undefined;
}

/** Elements of a sequence that is built up may differ in what is unknown. */
const loose = (type: Type | undefined): Type | undefined =>
  (type?.kind === 'sequence' || type?.kind === 'optional') &&
  type.elem?.kind === 'tensor' &&
  type.elem.shape?.some(isUnknown)
    ? { kind: type.kind, elem: tensorType(type.elem.elem) }
    : type;

const onlyElement = (a: Type | undefined, b: Type | undefined): Type | undefined =>
  a?.kind === 'tensor' && b?.kind === 'tensor' && a.elem === b.elem ? tensorType(a.elem) : undefined;

/**
 * A final value: what it was handed first, or what the body gave last. Dims unknown inside differ from one iteration to the
 * next. `given`: what the body gives, in whose place an optional may stand first.
 */
function setFinal(call: Call, index: number, carried: KnownValue, given: KnownValue | undefined): void {
  const isHeld = carried.type?.kind === 'optional' && given?.type !== undefined && given.type.kind !== 'optional';
  const type = isHeld ? given.type : carried.type;
  if (type?.kind === 'tensor') setScan(call, index, type.elem, type.shape?.map(outside));
  else call.setType(index, loose(type));
  call.setContents(index, carried.contents);
}

const outside = (dim: Dim): PartialDim => (isUnknown(dim) ? undefined : dim);

/** The iteration number and the condition are scalars, unless the body says that they are of one element. */
const scalarInput = (body: Graph, index: number, elem: 'int64' | 'bool'): Type =>
  tensorType(elem, body.inputs[index]?.shape?.length === 1 ? [1] : []);

const loop: InferRule = (call) => {
  const body = call.body('body');
  if (!body) return;
  const count = Math.max(0, body.inputs.length - 2);
  const initial = Array.from({ length: count }, (_, index) => known(call, index + 2));
  // The runtime takes the condition's own shape for it, and refuses a body that then says otherwise.
  const isOpen = body.inputs[1]?.shape === undefined && call.shape(1)?.length === 1;
  const condition = isOpen ? tensorType('bool') : scalarInput(body, 1, 'bool');
  const inputs = (carried: readonly KnownValue[]) => [
    { type: scalarInput(body, 0, 'int64') },
    { type: condition },
    ...carried,
  ];
  const { carried, outputs } = settle(call, body, 2, initial, inputs, 1);
  carried.forEach((one, index) => {
    setFinal(call, index, one, outputs[index + 1]);
  });
  const trips = tripCount(call, body, outputs[0]);
  for (let index = count; index < call.node.outputs.length; index++) {
    const scanned = outputs[index + 1]?.type;
    if (scanned?.kind === 'tensor') {
      const { shape } = scanned;
      setScan(call, index, scanned.elem, shape && [trips, ...shape.map(outside)]);
    }
  }
};

function setScan(
  call: Call,
  index: number,
  elem: Parameters<typeof tensorType>[0],
  shape: PartialShape | undefined,
): void {
  const value = call.node.outputs[index];
  call.setType(index, undefined);
  if (value) call.setType(index, tensorType(elem, call.whole(value, shape)));
}

const known = (call: Call, index: number): KnownValue => ({ type: call.type(index), contents: call.contents(index) });

/** How often the body runs, where the condition never ends it early. */
function tripCount(call: Call, body: Graph, condition: KnownValue | undefined): PartialDim {
  const most = call.has(0) ? call.scalar(0) : undefined;
  const first = call.has(1) ? call.scalar(1) : 1;
  const isHandedOn = body.outputs[0] !== undefined && throughIdentity(body.outputs[0]) === body.inputs[1];
  const isAlways = condition?.contents?.[0] === 1 || isHandedOn;
  return most !== undefined && first === 1 && isAlways ? maxDim(most, 0) : undefined;
}

function throughIdentity(value: Graph['outputs'][number]): Graph['outputs'][number] {
  let source = value;
  while (source.producer?.is('Identity') && source.producer.inputs[0]) source = source.producer.inputs[0];
  return source;
}

/**
 * Scan over slices. Up to opset 8 all that goes in and out has a batch first, which the body does not see, the scanned axis
 * comes second, and lengths stand before everything.
 */
const scan: InferRule = (call) => {
  const body = call.body('body');
  if (!body) return;
  const isBatched = call.opset < 9;
  const [skipped, first] = isBatched ? [1, 1] : [0, 0];
  const scans = Math.min(Math.max(call.int('num_scan_inputs', 0), 0), Math.max(call.inputCount - skipped, 0));
  const states = call.inputCount - scans - skipped;
  const inputAxes = isBatched ? [] : (call.ints('scan_input_axes') ?? []);
  const outputAxes = isBatched ? [] : (call.ints('scan_output_axes') ?? []);
  let length: PartialDim;
  let batch: PartialDim;
  const slices = Array.from({ length: scans }, (_, index): KnownValue => {
    const at = skipped + states + index;
    const [shape, elem] = [call.shape(at), call.elem(at)];
    const axis = shape && axisOf(inputAxes[index] ?? first, shape.length);
    if (!elem || !shape || axis === undefined) return { type: elem && tensorType(elem) };
    length = typeof length === 'number' ? length : shape[axis];
    if (isBatched) batch = typeof batch === 'number' ? batch : shape[0];
    return {
      type: tensorType(
        elem,
        shape.filter((_, at) => at !== axis && !(isBatched && at === 0)),
      ),
    };
  });
  const initial = Array.from({ length: states }, (_, index): KnownValue => {
    const state = known(call, index + skipped);
    if (!isBatched) return state;
    return {
      type: state.type?.kind === 'tensor' ? tensorType(state.type.elem, state.type.shape?.slice(1)) : undefined,
    };
  });
  const { carried, outputs } = settle(call, body, 0, initial, (state) => [...state, ...slices], 0);
  carried.forEach((one, index) => {
    const { type } = one;
    if (!isBatched) setFinal(call, index, one, outputs[index]);
    else if (type?.kind === 'tensor')
      setScan(call, index, type.elem, type.shape && [batch, ...type.shape.map(outside)]);
  });
  for (let index = states; index < call.node.outputs.length; index++) {
    const scanned = outputs[index]?.type;
    if (scanned?.kind !== 'tensor') continue;
    const rank = (scanned.shape?.length ?? 0) + 1;
    const axis = axisOf(outputAxes[index - states] ?? 0, rank) ?? 0;
    const dims = scanned.shape?.map(outside);
    const stacked = dims && [...dims.slice(0, axis), length, ...dims.slice(axis)];
    setScan(call, index, scanned.elem, stacked && isBatched ? [batch, ...stacked] : stacked);
  }
};

export const controlFlow: Rows = {
  If: { infer: conditional, precision: exact },
  Loop: { infer: loop, precision: exact },
  Scan: { infer: scan, precision: exact },
};
