/**
 * Folds constants, with the runtime as the evaluator: one model without inputs computes all constants worth keeping,
 * one for each set of operator sets in force (functions have their own).
 * Not folded are random and unknown ops, loops without a bound, results that would make the file grow beyond a budget,
 * ops that store weights in a smaller type (Cast, DequantizeLinear), and ops that read large weights.
 */

import { buildModel } from '../../src/ir/build.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { dependenciesOf } from '../../src/ir/scopes/order.js';
import { readerIn } from '../../src/ir/scopes/scopes.js';
import { bankOf, jointMark, MIXED } from '../../src/ir/tensors/bank.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { typeText } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { PassContext } from '../../src/run/pass.js';
import { ancestorsOf, constantModel } from './constant-model.js';
import { canEvaluate } from './evaluable.js';
import { storedPartsOf, storePart } from './stored-parts.js';
import { GrowthBudget, isOversized, isStorage } from './worth.js';

/** One run's folding, round after round: the bytes by which the file may still grow, and the values that stay. */
export class Folding {
  readonly #growth: GrowthBudget;
  /** Nodes that the runtime refused: they are not tried again. */
  readonly #failed = new Set<Node>();
  /** Nodes that are not worth their bytes as the model is now, and why. */
  #spared = new Map<Node, string>();

  constructor(
    model: Model,
    readonly context: PassContext,
  ) {
    this.#growth = new GrowthBudget(model);
  }

  /** Folds the constant nodes of every scope. */
  async round(model: Model): Promise<void> {
    if (!this.context.evaluate) return;
    this.#spared = new Map();
    const values = [...model.graphs()].flatMap((graph) => frontierOf(graph, this.#growth, this.#failed, this.#spared));
    const folded = new Map<Value, Tensor>();
    for (const group of byOpsets(values))
      for (const [value, tensor] of await evaluateAll(group, this.context, this.#failed)) folded.set(value, tensor);
    // In the order of the nodes, however they were grouped.
    for (const value of values) {
      const tensor = folded.get(value);
      if (!tensor) continue;
      const constant = value.graph.constant(tensor, value.name);
      value.graph.replaceUses(value, constant);
    }
    await this.#storedParts(model);
  }

  /** Moves numbers of weights that are stored in 16 bits, which stay so. */
  async #storedParts(model: Model): Promise<void> {
    const parts = [...model.graphs()].flatMap((graph) => storedPartsOf(graph, (node) => this.#failed.has(node)));
    for (const group of byOpsets(parts.map(({ value }) => value))) {
      const moved = await evaluateAll(group, this.context, this.#failed);
      for (const part of parts) {
        const tensor = moved.get(part.value);
        if (tensor) storePart(part, tensor);
      }
    }
  }

  /** Reports the nodes that the last round left. */
  report(): void {
    for (const [node, reason] of this.#spared) this.context.skip(reason, node);
  }
}

/** Values whose nodes mean the same by their op types: one version of each operator set per model; banks by themselves. */
function byOpsets(values: readonly Value[]): Iterable<Value[]> {
  const groups = new Map<string, Value[]>();
  for (const value of values) {
    const key = JSON.stringify([bankBehind(value)?.count, ...[...value.graph.opsets].sort()]);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups.values();
}

/** The bank behind a value that is computed from constants, if there are banks among them. */
const bankBehind = (value: Value) =>
  jointMark([...ancestorsOf([value])].flatMap(({ inputs }) => inputs.flatMap((input) => input?.tensor ?? [])));

/** Bytes of the results that one run of the runtime gives. */
const AT_ONCE = 64 * 2 ** 20;

/** The tensor of each value, or of a bank those of all instances. All values have equally many instances. */
async function evaluateInstances(
  values: readonly Value[],
  evaluate: NonNullable<PassContext['evaluate']>,
): Promise<(Tensor | undefined)[]> {
  const banks = values.map(bankBehind);
  const count = banks[0]?.count ?? 1;
  const found: Tensor[][] = values.map(() => []);
  for (let next = 0; next < count; ) {
    const each = found.reduce((sum, [one]) => sum + (one?.byteLength ?? AT_ONCE), 0);
    const size = Math.max(1, Math.min(count - next, Math.floor(AT_ONCE / Math.max(1, each))));
    const instances = Array.from({ length: size }, (_, index) => next + index);
    const tensors = await evaluate(constantModel(values, instances));
    tensors.forEach((tensor, index) => {
      found[index % values.length]?.push(tensor);
    });
    next += size;
  }
  return found.map((tensors, index) => {
    const mark = banks[index]?.mark;
    if (!mark || tensors.length !== count) return tensors[0];
    const ops = [...ancestorsOf([values[index] as Value])].map(({ opType }) => opType);
    return bankOf(tensors, { ...mark, slot: mark.slot === MIXED ? MIXED : `${ops}${mark.slot}` });
  });
}

/** The constant results that other nodes read. A result that is too big to keep is replaced by its own inputs. */
function frontierOf(graph: Graph, growth: GrowthBudget, failed: ReadonlySet<Node>, spared: Map<Node, string>): Value[] {
  const isAfforded = (value: Value, constant: ReadonlySet<Node>): boolean => {
    const short = growth.shortFor(value, constant);
    if (short) spared.set(value.producer as Node, graph.model.budget.reasonOf(short));
    return short === undefined;
  };
  for (;;) {
    const constant = constantNodes(graph, (node) => failed.has(node) || spared.has(node));
    const frontier: Value[] = [];
    let isCut = false;
    for (const node of constant)
      for (const value of node.outputs) {
        if (!value || ![...value.uses].some((use) => !constant.has(readerIn(graph, use.node) as Node))) continue;
        const reason = growth.refusal(value, constant);
        if (reason === undefined) frontier.push(value);
        else {
          spared.set(node, reason);
          isCut = true;
        }
      }
    if (!isCut) return frontier.filter((value) => isAfforded(value, constant));
  }
}

/** Nodes that read nothing but constants and each other. */
function constantNodes(graph: Graph, isLeft: (node: Node) => boolean): Set<Node> {
  const constant = new Set<Node>();
  for (const node of graph.nodes()) {
    if (isLeft(node) || !canEvaluate(node) || isStorage(node)) continue;
    const isConstant = (value: Value): boolean =>
      value.tensor !== undefined || (value.producer !== undefined && constant.has(value.producer));
    if ([...dependenciesOf(node)].every(isConstant)) constant.add(node);
  }
  return constant;
}

/** Evaluates in one run; where that fails, in halves, until the culprits are known. */
async function evaluateAll(
  values: readonly Value[],
  context: PassContext,
  refused: Set<Node>,
  isStarted = false,
): Promise<Map<Value, Tensor>> {
  const results = new Map<Value, Tensor>();
  if (values.length === 0 || !context.evaluate) return results;
  try {
    const tensors = await evaluateInstances(values, context.evaluate);
    values.forEach((value, index) => {
      const tensor = tensors[index];
      const node = value.producer as Node;
      if (tensor && isOversized(value, tensor)) {
        refused.add(node);
        context.skip('not folded: the file would grow by more than 64 KiB', node);
      } else if (tensor && (value.elem === undefined || value.elem === tensor.type)) results.set(value, tensor);
      else {
        refused.add(node);
        context.skip(`not folded: the runtime gives ${tensor?.type}, its type is ${typeText(value.type)}`, node);
      }
    });
  } catch (error) {
    if (!isStarted && !(await starts(context.evaluate))) {
      for (const { producer } of values) refused.add(producer as Node);
      context.skip('constants are not folded: the runtime does not start. Is onnxruntime-node installed?');
      return results;
    }
    // Work that took too long would do so again in halves.
    const isEnded = (error as { readonly kind?: string }).kind === 'timeout';
    if (values.length === 1 || isEnded) {
      for (const { producer } of values) {
        refused.add(producer as Node);
        context.skip(`not folded: ${error instanceof Error ? error.message.split('\n')[0] : error}`, producer);
      }
      return results;
    }
    const half = values.length >> 1;
    for (const part of [values.slice(0, half), values.slice(half)])
      for (const [value, tensor] of await evaluateAll(part, context, refused, true)) results.set(value, tensor);
  }
  return results;
}

/** True where the runtime can do the least: then it is a node that fails. */
async function starts(evaluate: NonNullable<PassContext['evaluate']>): Promise<boolean> {
  const model = buildModel({ '': 13 }, (g) => g.output('y', g.constant('float32', 0), 'float32', []));
  return evaluate(model).then(
    () => true,
    () => false,
  );
}
