/**
 * What running a model on inputs of given sizes asks for, beside what its weights can be worth: a file of a few bytes that fills the
 * memory or computes for hours is not run. What is not known counts as nothing: a model is refused for what it is seen to ask for.
 */
import { type Facts, inferTypes } from '../../infer/index.js';
import { Work } from '../../infer/work.js';
import { cloneModel } from '../../ir/clone.js';
import type { Graph } from '../../ir/graph.js';
import type { Model, ModelFunction } from '../../ir/model.js';
import { numbersOf } from '../../ir/numbers.js';
import { elementCount, type Tensor } from '../../ir/tensor.js';
import { tensorType } from '../../ir/types.js';
import type { Tensors } from '../../runtime/isolate.js';
import { fromTensorData } from '../../runtime/tensor-data.js';

/** A model of so many weights is no trick: it is run. */
const HONEST = 2 ** 24;
/** Operations for each weight: a convolution uses one at each of a million pixels. */
const OPERATIONS = 2 ** 20;
/** Elements of one value for each weight. */
const ELEMENTS = 64;
/** Inputs of more elements are no sizes, counts or conditions. */
const FEW = 64;

const known = new WeakMap<Model, Map<string, string | undefined>>();

/** Why the model is not run on these inputs, as its budgets say; undefined where it may be. */
export function runRefusal(model: Model, tensors: Tensors): string | undefined {
  const asked = known.get(model) ?? new Map<string, string | undefined>();
  known.set(model, asked);
  const key = `${model.structure} ${Object.entries(tensors).map(([name, { shape }]) => `${name} ${shape}`)}`;
  if (!asked.has(key)) asked.set(key, refusal(model, tensors));
  return asked.get(key);
}

function refusal(model: Model, tensors: Tensors): string | undefined {
  const { budget } = model;
  let weights = 0;
  for (const { constants } of model.graphs())
    for (const { tensor } of constants) weights += tensor?.sparse ? 0 : elementCount(tensor?.shape ?? []);
  if (weights > HONEST) return undefined;
  const { work, largest } = new Estimate(fed(model, tensors)).total;
  if (largest > budget.limitOf('run-elements') + ELEMENTS * weights) return budget.reasonOf('run-elements');
  if (work > budget.limitOf('run-work') + OPERATIONS * weights) return budget.reasonOf('run-work');
  return undefined;
}

/** The model with inputs of these sizes, those of few numbers as constants. */
function fed(model: Model, tensors: Tensors): Model {
  const copy = cloneModel(model);
  for (const input of copy.graph.inputs) {
    const given = tensors[input.name];
    if (!given || !input.elem) continue;
    input.type = tensorType(input.elem, given.shape);
    if (elementCount(given.shape) > FEW || given.type === 'string') continue;
    copy.graph.replaceUses(input, copy.graph.constant(fromTensorData(given)));
  }
  return copy;
}

const fewOf = (tensor: Tensor): readonly number[] | undefined =>
  tensor.type !== 'string' && elementCount(tensor.shape) <= FEW ? [...numbersOf(tensor)] : undefined;

/** The operations of all nodes, and the elements of the largest value. */
class Estimate {
  readonly #work: Work;
  readonly #functions = new Map<ModelFunction, number>();
  #largest = 0;
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
    const facts: Facts = inferTypes(model);
    // A constant may be beyond 2^53, which contents are not.
    this.#work = new Work((value) => (value.tensor ? fewOf(value.tensor) : facts.contents(value)), 0);
  }

  get total(): { readonly work: number; readonly largest: number } {
    const work = this.#of(this.#model.graph);
    return { work, largest: this.#largest };
  }

  #of(graph: Graph): number {
    let work = 0;
    for (const node of graph.nodes()) {
      for (const value of node.outputs) {
        const shape = value?.shape ?? [];
        if (shape.every((dim) => typeof dim === 'number')) this.#largest = Math.max(this.#largest, elementCount(shape));
      }
      const called = this.#model.functionOf(node);
      if (called) work += this.#ofFunction(called);
      else if (node.bodies.length === 0) work += this.#work.of(node);
      else work += this.#work.roundsOf(node) * node.bodies.reduce((sum, body) => sum + this.#of(body), 0);
    }
    return work;
  }

  /** Of one call; the runtime puts the nodes of each into the graph. */
  #ofFunction(called: ModelFunction): number {
    const found = this.#functions.get(called) ?? this.#of(called.graph);
    this.#functions.set(called, found);
    return found;
  }
}
