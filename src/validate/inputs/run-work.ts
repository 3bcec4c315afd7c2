/**
 * Refuses runs that ask for absurd work: estimates the work of a model on inputs of given sizes, beyond a multiple of
 * its weights. A file of a few bytes that fills the memory or computes for hours is not run. Unknown work counts as
 * nothing: a model is refused only for known work.
 */
import { type Facts, inferTypes } from '../../infer/index.js';
import { Work } from '../../infer/work.js';
import { under } from '../../ir/collections/named.js';
import type { Graph } from '../../ir/graph.js';
import type { Model, ModelFunction } from '../../ir/model.js';
import { calleesFirst } from '../../ir/scopes/call-order.js';
import { numbersOf } from '../../ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../ir/tensors/tensor.js';
import { tensorType } from '../../ir/types.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import type { Tensors } from '../../runtime/isolate.js';
import { HONEST, weightsOf } from '../../runtime/limits.js';
import { fromTensorData } from '../../runtime/tensor-data.js';

/** Operations for each weight: a convolution uses one at each of a million pixels. */
const OPERATIONS = 2 ** 20;
/** Elements of one value for each weight. */
const ELEMENTS = 64;
/** Inputs of more elements are no sizes, counts or conditions. */
const FEW = 64;

const known = new WeakMap<Model, Map<string, string | undefined>>();

/** True if the numbers of an input may be sizes, counts or conditions. */
export const isFew = (shape: readonly number[]): boolean => elementCount(shape) <= FEW;

/** The shapes of fed inputs, by name. */
type Shapes = ReadonlyMap<string, readonly number[]>;

/**
 * The reason, by the model's budgets, that it is not run on inputs of these shapes; undefined where it may be run.
 * `few`: the numbers of small inputs.
 */
export function runRefusal(model: Model, shapes: Shapes, few: Tensors): string | undefined {
  const asked = known.get(model) ?? new Map<string, string | undefined>();
  known.set(model, asked);
  const numbers = Object.entries(few).map(([name, { data }]) => [name, ...data]);
  const key = JSON.stringify([model.structure, [...shapes], numbers]);
  if (!asked.has(key)) asked.set(key, refusal(model, shapes, few));
  return asked.get(key);
}

function refusal(model: Model, shapes: Shapes, few: Tensors): string | undefined {
  const { budget } = model;
  const weights = weightsOf(model);
  if (weights > HONEST) return undefined;
  const { work, largest, largestName } = new WorkCounter(fed(model, shapes, few)).total;
  if (largest > budget.limitOf('run-elements') + ELEMENTS * weights)
    return `${budget.reasonOf('run-elements')}; "${largestName}" has ${largest}`;
  if (work > budget.limitOf('run-work') + OPERATIONS * weights) return budget.reasonOf('run-work');
  return undefined;
}

/** A copy of the model with inputs of these sizes; inputs of few numbers are constants. */
function fed(model: Model, shapes: Shapes, few: Tensors): Model {
  const copy = cloneModel(model);
  for (const input of copy.graph.inputs) {
    const shape = shapes.get(input.name);
    if (!shape || !input.elem) continue;
    input.type = tensorType(input.elem, shape);
    const given = under(few, input.name);
    if (given && given.type !== 'string') copy.graph.replaceUses(input, copy.graph.constant(fromTensorData(given)));
  }
  return copy;
}

const fewOf = (tensor: Tensor): readonly number[] | undefined =>
  tensor.type !== 'string' && elementCount(tensor.shape) <= FEW ? [...numbersOf(tensor)] : undefined;

/** The operations of all nodes, and the elements of the largest value. */
class WorkCounter {
  readonly #work: Work;
  readonly #functions = new Map<ModelFunction, number>();
  #largest = 0;
  #largestName = '';
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
    const facts: Facts = inferTypes(model);
    // A constant may be beyond 2^53; contents cannot.
    this.#work = new Work((value) => (value.tensor ? fewOf(value.tensor) : facts.contents(value)), 0);
  }

  get total(): { readonly work: number; readonly largest: number; readonly largestName: string } {
    // The work of one call; the runtime inlines the nodes of each.
    for (const fn of calleesFirst(this.#model)) this.#functions.set(fn, this.#of(fn.graph));
    const work = this.#of(this.#model.graph);
    return { work, largest: this.#largest, largestName: this.#largestName };
  }

  #of(graph: Graph): number {
    let work = 0;
    for (const node of graph.nodes()) {
      for (const value of node.outputs) {
        const shape = value?.shape ?? [];
        const elements = shape.every((dim) => typeof dim === 'number') ? elementCount(shape) : 0;
        if (value && elements > this.#largest) [this.#largest, this.#largestName] = [elements, value.name];
      }
      const called = this.#model.functionOf(node);
      if (called) work += this.#functions.get(called) ?? 0;
      else if (node.bodies.length === 0) work += this.#work.of(node);
      else work += this.#work.roundsOf(node) * node.bodies.reduce((sum, body) => sum + this.#of(body), 0);
    }
    return work;
  }
}
