/**
 * Weights that calls hand to a function, as constants of its body: a function can hold none of its own, so a pass that derives
 * weights would find an input. While it runs, each is a bank of what all calls hand in; then what was made of it is handed in.
 */

import { appendTo, maxOf } from '../../ir/collections/lists.js';
import type { Graph } from '../../ir/graph.js';
import type { Model, ModelFunction } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { calleesFirst } from '../../ir/scopes/call-order.js';
import { outermost, scopesIn } from '../../ir/scopes/scopes.js';
import { bankOf, Divergence, instanceCount, instanceOf, markOf } from '../../ir/tensors/bank.js';
import { isSameShape } from '../../ir/tensors/same-tensor.js';
import { elementCount, type Tensor } from '../../ir/tensors/tensor.js';
import { freeName } from '../../ir/text/free-name.js';
import { isFloat } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { sweep } from '../../ir/whole-model/sweep.js';

/** The run that marks of these banks name. */
const RUN = 'handed in';

/** A constant of more elements is a weight; a smaller one may decide what a pass does. */
const PARAMETER = 16;

/** A call, and which instances of the function are its own: several where the call stands for several. */
interface CallInstances {
  readonly call: Node;
  /** What it hands in. */
  readonly given: readonly (Value | undefined)[];
  readonly first: number;
  readonly count: number;
}

/** An input that holds a bank for now. */
interface LiftedInput {
  readonly input: Value;
  readonly index: number;
  readonly tensor: Tensor;
  readonly slot: string;
}

interface Callee {
  readonly fn: ModelFunction;
  readonly places: readonly CallInstances[];
  readonly count: number;
  lifted: readonly LiftedInput[];
}

/** A pass definition, as far as this room reads it. */
interface PassNeeds {
  readonly needs?: readonly string[];
}

/** Whether a pass asks for weights, and any function is handed one. */
export const takesWeights = ({ needs }: PassNeeds, { functions, graph }: Model): boolean =>
  needs?.includes('weights') === true && functions.length > 0 && [...graph.constants].some((value) => isWeight(value));

/**
 * Runs a pass with the weights that it asks for. False where calls hand in weights of which it would make different things: `apart`
 * has them now, and it is to be run again, on another copy.
 */
export async function runWithWeights(
  definition: PassNeeds,
  model: Model,
  apart: Set<string>,
  run: () => Promise<void>,
): Promise<boolean> {
  const handedIn = takesWeights(definition, model) ? new HandedInWeights(model, apart) : undefined;
  try {
    await run();
  } catch (error) {
    if (!handedIn || !isApart(error, apart)) throw error;
    return false;
  }
  handedIn?.lower();
  return true;
}

/** Takes up that calls of a function hand in weights of which a pass would make different things; false for any other error. */
function isApart(error: unknown, apart: Set<string>): boolean {
  if (!(error instanceof Divergence) || error.mark?.run !== RUN || apart.has(error.mark.slot)) return false;
  apart.add(error.mark.slot);
  return true;
}

/** An input that holds a constant is a function's own, made so here, or one of a model before IR version 4, which stays. */
const isWeight = ({ tensor, isInput, graph }: Value): boolean =>
  tensor !== undefined &&
  (!isInput || graph.isInFunction) &&
  isFloat(tensor.type) &&
  elementCount(tensor.shape) > PARAMETER;

/** Callers before the functions that they call. */
class HandedInWeights {
  readonly #callees = new Map<ModelFunction, Callee>();

  /** Makes banks of the weights; `apart`: slots of those that stay inputs, or of what is derived of them. */
  constructor(
    readonly model: Model,
    apart: ReadonlySet<string>,
  ) {
    const calls = new Map<ModelFunction, Node[]>();
    for (const graph of model.graphs())
      for (const node of graph.nodeSet) {
        const fn = model.functionOf(node);
        if (fn) appendTo(calls, fn, node);
      }
    for (const fn of calleesFirst(model).toReversed()) this.#lift(fn, calls, apart);
    // Nobody should make something of them twice.
    for (const { places, lifted } of this.#callees.values())
      for (const { index } of lifted) for (const { call } of places) call.graph.setInput(call, index, undefined);
  }

  /** Its callers are lifted by now. */
  #lift(fn: ModelFunction, calls: ReadonlyMap<ModelFunction, readonly Node[]>, apart: ReadonlySet<string>): void {
    let count = 0;
    const places = (calls.get(fn) ?? []).map((call): CallInstances => {
      const caller = ownerOf(call.graph);
      const own = caller
        ? (this.#callees.get(caller) as Callee).count
        : maxOf(
            call.inputs.map((value) => (value?.tensor ? instanceCount(value.tensor) : 1)),
            1,
          );
      const place = { call, given: [...call.inputs], first: count, count: own };
      count += own;
      return place;
    });
    const callee: Callee = { fn, places, count, lifted: [] };
    callee.lifted = fn.graph.inputs.flatMap((input, index) => {
      const slot = `<${fn.domain} ${fn.name} ${fn.overload} ${index}>`;
      const isApart = [...apart].some((text) => text.includes(slot));
      const tensors = isApart || input.uses.size === 0 ? undefined : handed(places, index);
      if (!tensors) return [];
      const tensor = bankOf(tensors, { run: RUN, standIn: 0, slot });
      input.tensor = tensor;
      return [{ input, index, tensor, slot }];
    });
    this.#callees.set(fn, callee);
  }

  /** Makes inputs again of what the bodies hold, those called last first: what they are handed may be their caller's to be handed. */
  lower(): void {
    const callees = [...this.#callees.values()].reverse();
    for (const { places, lifted } of callees)
      for (const { index } of lifted)
        for (const { call, given } of places) call.graph.setInput(call, index, given[index]);
    // What the pass replaced reads nothing.
    sweep(this.model);
    for (const callee of callees) {
      for (const graph of scopesIn(callee.fn.graph))
        for (const value of [...graph.constants])
          if (value.tensor && markOf(value.tensor)?.run === RUN) handIn(value, callee);
      dropUnread(callee);
    }
    for (const { lifted } of callees) for (const { input } of lifted) input.tensor = undefined;
  }
}

/** What the calls hand in there, one for each instance; undefined where that is no weight, or not alike. */
function handed(places: readonly CallInstances[], index: number): readonly Tensor[] | undefined {
  const tensors: Tensor[] = [];
  for (const { call, count } of places) {
    const value = call.inputs[index];
    if (!value || !isWeight(value)) return undefined;
    for (let instance = 0; instance < count; instance++) tensors.push(instanceOf(value.tensor as Tensor, instance));
  }
  const [first] = tensors;
  const isAlike = (one: Tensor) => one.type === first?.type && !one.sparse && isSameShape(one, first);
  return first && tensors.every(isAlike) ? tensors : undefined;
}

/** A constant of the body ⟶ an input, handed in by every call. */
function handIn(value: Value, { fn, places, lifted }: Callee): void {
  const { graph } = fn;
  const tensor = value.tensor as Tensor;
  const sources = lifted.filter(({ slot }) => markOf(tensor)?.slot.includes(slot));
  const [source] = sources;
  const taken = new Set([...graph.inputs, ...graph.outputPorts].map(({ name }) => name));
  const input = graph.input(
    freeName(value.name || 'weight', (name) => taken.has(name)),
    value.type,
  );
  value.graph.replaceUses(value, input);
  value.graph.removeConstant(value);
  /** Calls that hand in the same weights are handed the same of them. */
  const made = new Map<string, Value>();
  for (const { call, given: all, first, count } of places) {
    const given = sources.map(({ index }) => all[index]);
    const key = [...given.map((one) => one?.sequence), call.graph.name, count].join();
    const known = made.get(key);
    const isKnown = known?.graph === call.graph && sources.length > 0;
    const own = Array.from({ length: count }, (_, at) => instanceOf(tensor, first + at));
    const mark = given.map((one) => one?.tensor && markOf(one.tensor)).find((one) => one);
    const handedIn = isKnown
      ? (known as Value)
      : call.graph.constant(
          mark ? bankOf(own, { ...mark, slot: `${mark.slot} ${graph.inputs.length} ${fn.name}` }) : (own[0] as Tensor),
          nameFor(value.name, source?.input.name, given[0]?.name),
        );
    made.set(key, handedIn);
    call.graph.setInput(call, graph.inputs.length - 1, handedIn);
  }
}

/** `w_int8` of an input `w` that is handed `layer.0.weight` ⟶ `layer.0.weight_int8`. */
const nameFor = (name: string, input: string | undefined, given: string | undefined): string =>
  input && given && name.startsWith(input) ? given + name.slice(input.length) : name;

/** Inputs that the pass left without a reader go, and what calls hand in for them. */
function dropUnread({ fn, places, lifted }: Callee): void {
  const gone = new Set(lifted.filter(({ input }) => input.uses.size === 0).map(({ index }) => index));
  if (gone.size === 0) return;
  fn.graph.setInputs(fn.graph.inputs.filter((_, index) => !gone.has(index)));
  for (const { call } of places) {
    const left = call.inputs.filter((_, index) => !gone.has(index));
    for (const [index, value] of left.entries()) call.graph.setInput(call, index, value);
    call.graph.truncateInputs(call, left.length);
  }
}

/** The function that a scope is in. */
function ownerOf(graph: Graph): ModelFunction | undefined {
  return graph.model.functionWith(outermost(graph));
}
