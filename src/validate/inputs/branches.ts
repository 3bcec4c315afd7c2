/**
 * Finds the branches of a model's Ifs that ran over all sets of inputs. A branch that never ran is not proven, whatever
 * the numbers are.
 */

import { GraphBuilder } from '../../ir/build.js';
import { append } from '../../ir/collections/lists.js';
import { under } from '../../ir/collections/named.js';
import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { bigintsOf } from '../../ir/tensors/numbers.js';
import { freeName } from '../../ir/text/free-name.js';
import { dataTypes, tensorType } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import { sweep } from '../../ir/whole-model/sweep.js';
import { type Provider, RuntimeError, type RuntimeProcess, type Session, type Tensors } from '../../runtime/isolate.js';
import { fromTensorData } from '../../runtime/tensor-data.js';
import { prepareModel } from '../sides/prepared-model.js';

export interface BranchCoverage {
  /** Branches that ran in some set. */
  readonly ran: number;
  /** Branches that can be observed: those of Ifs in the main graph and in branches, where inputs decide. */
  readonly total: number;
  /** Those that never ran: `else of If "decoder"`. */
  readonly never: readonly string[];
  /** Ifs in the bodies of loops and in functions. They are not observed. */
  readonly unknown: number;
}

/** Milliseconds after which no further set is run. */
const LIMIT = 5000;

/**
 * Runs a copy of the model that outputs the conditions of its Ifs, on the sets that time allows. Undefined for a model
 * without Ifs, or if the copy does not run.
 */
export async function branchCoverage(
  runtime: RuntimeProcess,
  model: Model,
  provider: Provider,
  sets: readonly Tensors[],
): Promise<BranchCoverage | undefined> {
  const count = countIfs(model);
  if (count === 0) return undefined;
  const copy = cloneModel(model);
  const marks = marksIn(copy.graph);
  if (!marks.length) return { ran: 0, total: 0, never: [], unknown: count };
  const names = marks.map((_, i) => freeName(`branch_${i}`, (name) => hasPort(copy.graph, name)));
  const ports = marks.map(({ value }, i) => ({ port: { name: names[i] as string, type: markType }, value }));
  copy.graph.setOutputs(ports);
  sweep(copy);
  const seen = marks.map(() => new Set<bigint>());
  const prepared = await prepareModel(copy);
  let session: Session | undefined;
  try {
    session = await runtime.load(prepared.source, { provider });
    const end = performance.now() + LIMIT;
    for (const tensors of sets) {
      if (performance.now() > end) break;
      const { outputs } = await session.run(tensors);
      for (const [i, name] of names.entries()) {
        const tensor = under(outputs, name);
        if (tensor) seen[i]?.add(bigintsOf(fromTensorData(tensor))[0] as bigint);
      }
    }
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return undefined;
  } finally {
    await session?.release();
    prepared.close();
  }
  const isReached = (i: number): boolean => [1n, 0n].some((side) => seen[i]?.has(side));
  // An If that the graph alone decides has one branch; everything in its other branch never runs.
  const open = marks.flatMap(({ isFixed, isUnderFixed, label }, i) =>
    isFixed || (isUnderFixed && !isReached(i)) ? [] : [{ label, seen: seen[i] as ReadonlySet<bigint> }],
  );
  const sides = [
    ['then', 1n],
    ['else', 0n],
  ] as const;
  const never = open.flatMap((mark) =>
    sides.flatMap(([name, side]) => (mark.seen.has(side) ? [] : [`${name} of ${mark.label}`])),
  );
  const total = sides.length * open.length;
  return { ran: total - never.length, total, never, unknown: count - marks.length };
}

const hasPort = ({ inputs, outputPorts }: Graph, name: string): boolean =>
  inputs.some((input) => input.name === name) || outputPorts.some((port) => port.name === name);

function countIfs(model: Model): number {
  let count = 0;
  for (const graph of model.graphs()) for (const node of graph.nodeSet) if (node.is('If')) count++;
  return count;
}

/** A number for the outcome of an If: 1 then, 0 else, −1 not reached. */
interface BranchMark {
  readonly label: string;
  readonly value: Value;
  /** True where no input decides: the graph alone does. */
  readonly isFixed: boolean;
  /** True where an If around this one is fixed. */
  readonly isUnderFixed: boolean;
}

const markType = tensorType('int64', [1]);
const UNREACHED = -1;

/** The marks of the Ifs in a graph and in their branches. Marks from branches become outputs of the Ifs around them. */
function marksIn(graph: Graph): BranchMark[] {
  const build = new GraphBuilder(graph);
  return graph
    .nodes()
    .filter((node) => node.is('If'))
    .flatMap((node) => {
      const { label } = node;
      const condition = build.op('Cast', [node.inputs[0]], { to: dataTypes.int64.code });
      const isFixed = isDecided(node.inputs[0]);
      const value = build.op('Reshape', [condition, build.ints(1)]);
      const inner = innerMarks(node).map((mark) => ({ ...mark, isUnderFixed: mark.isUnderFixed || isFixed }));
      return [{ label, value, isFixed, isUnderFixed: false }, ...inner];
    });
}

/** True for a condition that no input changes: a constant, a rank, or a value computed of these alone. */
function isDecided(condition: Value | undefined): boolean {
  const seen = new Set<Value>();
  const waiting = [condition];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (!value || value.isConstant || seen.has(value)) continue;
    seen.add(value);
    const { producer } = value;
    if (producer?.is('Size') && producer.inputs[0]?.producer?.is('Shape')) continue;
    // A node without inputs draws random numbers, as it is no constant.
    if (!producer || producer.bodies.length > 0 || producer.inputs.length === 0) return false;
    append(waiting, producer.inputs);
  }
  return true;
}

function innerMarks(node: Node): BranchMark[] {
  const { graph } = node;
  const [first, second] = node.bodies as [Graph, Graph];
  const inner = [marksIn(first), marksIn(second)];
  const all = inner.flat();
  if (!all.length) return [];
  for (const [i, body] of [first, second].entries()) {
    const build = new GraphBuilder(body);
    for (const [j, mark] of all.entries()) {
      const isOwn = inner[i]?.includes(mark);
      const value = isOwn ? mark.value : build.op('Identity', [build.ints(UNREACHED)]);
      body.output(
        freeName(`mark_${j}`, (name) => hasPort(body, name)),
        value,
        markType,
      );
    }
  }
  return widened(node, graph, all);
}

/** Replaces an If by a copy with an output for each mark of its branches. */
function widened(node: Node, graph: Graph, marks: readonly BranchMark[]): BranchMark[] {
  const attributes = Object.fromEntries(node.attributes);
  for (const name of Object.keys(attributes)) graph.setAttribute(node, name, undefined);
  const count = node.outputs.length;
  const { name, inputs } = node;
  const wide = graph.add('If', [...inputs], { name, attributes, outputs: count + marks.length });
  for (const [i, old] of node.outputs.entries()) {
    const value = wide.outputs[i];
    if (!old || !value) continue;
    value.type = old.type;
    graph.replaceUses(old, value);
  }
  graph.remove(node);
  return marks.map((mark, i) => ({ ...mark, value: wide.outputs[count + i] as Value }));
}
