/** Makes the first dim of inputs symbolic and follows it to the outputs, mending on the way what has a batch of 1 baked in. */

import { inferTypes } from '../../src/infer/index.js';
import { type Dim, symbol } from '../../src/ir/dims/dims.js';
import { symbolsOf } from '../../src/ir/dims/symbols.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { readBy } from '../../src/ir/scopes/scopes.js';
import { type Shape, type Type, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { dropUncalled, inlineCalls } from '../../src/region/functions/inline-all.js';
import { redeclare } from '../ports/declare.js';
import { type AxisOf, brokenBody } from './bodies.js';
import { repaired } from './repair.js';
import { mixing } from './rows.js';
import { openStates } from './states.js';

export interface BatchRefusal {
  readonly reason: string;
  readonly at: Node;
}

export interface BatchRepairs {
  readonly repairs: readonly { readonly text: string; readonly at: Node }[];
  /** Calls of functions. */
  readonly inlined: number;
}

/** Edits the model; where it is refused, what was done so far stays. */
export function openBatch(model: Model, name: string): BatchRefusal | BatchRepairs {
  const { graph } = model;
  // What a function has baked in is mended for each call.
  let inlined = 0;
  inlineCalls(model, { inlined: () => void inlined++ });
  dropUncalled(model);
  inferTypes(model);
  const old = new Map<Value, Shape>();
  for (const scope of model.graphs()) for (const value of scope.values()) if (value.shape) old.set(value, value.shape);
  const batch = symbol(name);
  const inputs = graph.inputs.filter(({ shape }) => shape?.[0] === 1 && shape.length > 1);
  for (const input of inputs)
    input.type = tensorType(input.elem ?? 'float32', [batch, ...(input.shape?.slice(1) ?? [])]);
  const axisOf: AxisOf = (value) => (value?.shape ?? []).findIndex((dim) => symbolsOf(dim).includes(name));
  const isBatched = (value: Value | undefined): boolean => axisOf(value) >= 0;
  const repairs: { text: string; at: Node }[] = [];
  inferTypes(model);
  const follow = (scope: Graph): BatchRefusal | undefined => {
    for (const node of scope.nodes()) {
      if (node.bodies.length > 0 && openStates(node, old, inputs[0] as Value) > 0) {
        repairs.push({ text: `a state that begins with one row begins with one for each of ${name}`, at: node });
        inferTypes(model);
      }
      for (const body of node.bodies) {
        const refused = follow(body);
        if (refused) return refused;
      }
      const text = repaired(node, { old, batch, isBatched });
      if (typeof text === 'object') return { reason: text.reason, at: node };
      if (text !== undefined) {
        repairs.push({ text, at: node });
        inferTypes(model);
      }
      const reason = refusalAt(node, batch, axisOf);
      if (reason) return { reason, at: node };
    }
    return undefined;
  };
  const refused = follow(graph);
  if (refused) return refused;
  const given = graph.outputs.filter(isBatched);
  if (given.length === 0) return { reason: 'no output depends on the batch', at: graph.end };
  redeclare(model, withSizes);
  return { repairs, inlined };
}

/** Why the rows of a batch do not go through a node each by itself. */
function refusalAt(node: Node, batch: Dim, axisOf: AxisOf): string | undefined {
  const isBatched = (value: Value | undefined): boolean => axisOf(value) >= 0;
  if (node.is('Shape') || node.is('Size')) return undefined;
  if (![...readBy(node)].some(isBatched)) return undefined;
  const broken = node.bodies.length > 0 ? brokenBody(node, axisOf) : undefined;
  if (broken) return broken;
  if (!node.outputs.some(isBatched)) return 'the batch ends here: it takes a row out of it, or one number of all rows';
  return mixing(node, batch, isBatched);
}

/** What is inferred now, where the file declared anything. Names that it has for sizes stay. */
function withSizes(declared: Type | undefined, { elem, shape }: Value): Type | undefined {
  if (declared?.kind !== 'tensor' || !shape) return declared;
  const sizes = shape.map((dim, axis) => {
    const own = declared.shape?.[axis];
    return typeof own === 'object' && typeof dim !== 'number' ? own : dim;
  });
  return tensorType(elem ?? 'float32', sizes);
}
