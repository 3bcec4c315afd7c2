/** Duplicate constants: tied embeddings, shared layers and repeated scalars, told by their contents. */

import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import { constantsIn, isVisibleFrom } from '../../src/ir/scopes/scopes.js';
import { instanceCount, instanceOf, markOf } from '../../src/ir/tensors/bank.js';
import { hashOfBeginning, isSameTensor } from '../../src/ir/tensors/same-tensor.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import type { Value } from '../../src/ir/value.js';

/** Constants of one element type and shape, by a hash of their beginning. */
type ConstantPool = Map<number, Value[]>;

/** Bytes that are hashed: enough to tell weights apart, little to read. */
const HASHED = 1024;

/** Hashes that are known: tensors never change, and every round asks again. */
const beginnings = new WeakMap<Tensor, number>();

/** A hash of the beginning of a tensor's bytes, read once. */
function beginningOf(stored: Tensor): number {
  const known = beginnings.get(stored);
  if (known !== undefined) return known;
  const hash = hashOfBeginning(instanceOf(stored, 0), HASHED);
  beginnings.set(stored, hash);
  return hash;
}

/** Equal bit for bit, in every instance of a block. */
const equalEverywhere = (a: Tensor, b: Tensor): boolean =>
  Array.from({ length: instanceCount(a) }, (_, index) => index).every((index) =>
    isSameTensor(instanceOf(a, index), instanceOf(b, index)),
  );

/** A key that equal constants share: only constants of one key are read. */
const kindOf = (tensor: Tensor): string => {
  const { run, standIn } = markOf(tensor) ?? {};
  return `${tensor.type}[${tensor.shape}]${tensor.sparse ? ' sparse' : ''} ${run ?? ''} ${standIn ?? ''}`;
};

function mergeWithin(top: Graph): void {
  const kinds = new Map<string, Value[]>();
  for (const value of constantsIn(top)) {
    const kind = kindOf(value.tensor as Tensor);
    const group = kinds.get(kind);
    if (group) group.push(value);
    else kinds.set(kind, [value]);
  }
  for (const group of kinds.values()) if (group.length > 1) mergeGroup(group);
}

/** Constants of bodies beside each other, both branches of an If, of fewer bytes are not worth one outside. */
const WORTH = 1024;

/** The innermost scope that encloses both. */
function commonScope(a: Graph, b: Graph): Graph | undefined {
  const around = new Set<Graph>();
  for (let scope: Graph | undefined = a; scope; scope = scope.parent) around.add(scope);
  for (let scope: Graph | undefined = b; scope; scope = scope.parent) if (around.has(scope)) return scope;
  return undefined;
}

/** Makes one constant outside of two equal ones in bodies that do not see each other. */
function lifted(a: Value, b: Value): Value | undefined {
  const tensor = a.tensor as Tensor;
  const scope = commonScope(a.graph, b.graph);
  if (!scope || tensor.byteLength < WORTH) return undefined;
  const one = scope.constant(tensor, a.name);
  for (const value of [a, b]) value.graph.replaceUses(value, one);
  return one;
}

function mergeGroup(group: readonly Value[]): void {
  const pool: ConstantPool = new Map();
  for (const value of group) {
    // A graph output keeps its own constant: merged, its name would cost a node.
    if (value.isOutput || value.uses.size === 0) continue;
    const key = beginningOf(value.tensor as Tensor);
    const known = pool.get(key) ?? [];
    pool.set(key, known);
    const equals = known.filter((other) => equalEverywhere(other.tensor as Tensor, value.tensor as Tensor));
    const same = equals.find((other) => isVisibleFrom(other, value.graph));
    if (same) {
      value.graph.replaceUses(value, same);
      continue;
    }
    const [twin] = equals;
    const outside = twin && lifted(twin, value);
    if (outside) known.splice(known.indexOf(twin), 1, outside);
    else known.push(value);
  }
}

/** Makes one constant of those that are equal: the outer one where one sees the other, else a new one outside both. Functions share nothing with their callers. */
export function mergeConstants(model: Model): void {
  mergeWithin(model.graph);
  for (const { graph } of model.functions) mergeWithin(graph);
}

/** Constant nodes ⟶ initializers, which need no node; functions can only have nodes. */
export function liftConstantNodes(model: Model): void {
  if (model.irVersion < 4) return;
  for (const graph of model.graphs()) {
    if (graph.isInFunction) continue;
    for (const value of graph.constants)
      if (value.constantNode) {
        value.constantNode = undefined;
        model.touch();
      }
  }
}
