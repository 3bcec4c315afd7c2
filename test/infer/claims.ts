/** Compares inferred facts with the runtime's results: every value of the main graph, exposed as an output. */
import { type Facts, inferTypes } from '../../src/infer/index.js';
import { type Dim, dimText, type SymbolName } from '../../src/ir/dims/dims.js';
import { substitute } from '../../src/ir/dims/substitute.js';
import { isUnknown } from '../../src/ir/dims/symbols.js';
import type { Model } from '../../src/ir/model.js';
import { bigintsOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { tensorType, typeText } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { writeModel } from '../../src/onnx/write.js';
import { runModel, type Tensors } from '../run-model.js';

/** What onnxruntime-node can hand out. */
const visible = /^(float32|float64|float16|bool|string|u?int(8|16|32|64))$/;

/** The values that nodes of the main graph compute. */
const computed = (model: Model): (Value | undefined)[] => model.graph.nodes().flatMap((node) => [...node.outputs]);

/** The model with its computed values as its only outputs, named by number. */
async function exposed(model: Model): Promise<{ bytes: Uint8Array; values: Map<string, Value> }> {
  const copy = cloneModel(model);
  const copies = computed(copy);
  const values = new Map<string, Value>();
  const ports = computed(model).flatMap((value, index) => {
    const twin = copies[index];
    if (!value || !twin || value.type?.kind !== 'tensor' || !visible.test(value.type.elem)) return [];
    const name = `probe ${index}`;
    values.set(name, value);
    return [{ port: { name, type: tensorType(value.type.elem) }, value: twin }];
  });
  copy.graph.setOutputs(ports);
  for (const graph of copy.graphs()) for (const value of graph.values()) value.declared = undefined;
  return { bytes: await writeModel(copy), values };
}

/** The sizes that the feeds give to the symbols of the inputs. */
function bindingsOf(model: Model, feeds: Tensors): Map<SymbolName, Dim> {
  const bindings = new Map<SymbolName, Dim>();
  for (const { name, shape } of model.graph.inputs)
    shape?.forEach((dim, axis) => {
      const size = feeds[name]?.shape[axis];
      const [term] = typeof dim === 'number' ? [] : dim.terms;
      const [atom] = term?.atoms ?? [];
      if (size !== undefined && atom?.kind === 'symbol') bindings.set(atom.name, size);
    });
  return bindings;
}

/** What is wrong with one claim, held against one result. */
function* mistakes(value: Value, facts: Facts, actual: Tensor, bindings: Map<SymbolName, Dim>): Iterable<string> {
  const { type } = value;
  if (type?.kind !== 'tensor') return;
  const label = `${value.producer?.label}: ${typeText(type)}, but it is ${actual.type}[${actual.shape}]`;
  if (type.elem !== actual.type) yield label;
  if (type.shape && type.shape.length !== actual.shape.length) yield label;
  for (const [axis, dim] of type.shape?.entries() ?? []) {
    const claim = substitute(dim, bindings);
    const size = actual.shape[axis];
    if (typeof claim === 'number') {
      if (claim !== size) yield `${label}, axis ${axis}`;
    } else if (size !== undefined) {
      // A symbol that no input gives is one size wherever it stands.
      const before = bindings.get(dimText(claim));
      if (before !== undefined && before !== size) yield `${label}, axis ${axis} elsewhere ${before}`;
      bindings.set(dimText(claim), size);
    }
  }
  const contents = facts.contents(value);
  if (!contents) return;
  const numbers = bigintsOf(actual).map(Number);
  const claims = contents.map((dim) => substitute(dim, bindings));
  if (claims.some((claim, index) => typeof claim === 'number' && claim !== numbers[index]))
    yield `${label}, contents ${contents.map(dimText)} but ${numbers}`;
}

export interface Claims {
  /** In words; none where everything agrees. */
  readonly wrong: readonly string[];
  /** Values held against a result, once for each feed. */
  readonly checked: number;
}

/** Infers the model's types and holds them against runs on these feeds. */
export async function checkClaims(model: Model, feeds: readonly Tensors[]): Promise<Claims> {
  const facts = inferTypes(model);
  const { bytes, values } = await exposed(model);
  const wrong: string[] = [];
  let checked = 0;
  for (const feed of feeds) {
    const bindings = bindingsOf(model, feed);
    for (const [name, actual] of Object.entries(await runModel(bytes, feed))) {
      const value = values.get(name);
      if (!value) continue;
      checked++;
      wrong.push(...mistakes(value, facts, actual, bindings));
    }
  }
  return { wrong, checked };
}

/** How much is known of the values of every scope. */
export function coverage(model: Model): { values: number; elements: number; ranks: number; dims: number } {
  const sum = { values: 0, elements: 0, ranks: 0, dims: 0 };
  // The inputs' nameless dims are as good as named ones.
  const named = new Set(model.graph.inputs.flatMap(({ shape }) => (shape ?? []).map(dimText)));
  for (const graph of model.graphs())
    for (const node of graph.nodes())
      for (const value of node.outputs) {
        if (!value) continue;
        sum.values++;
        if (!value.type) continue;
        sum.elements++;
        const shape = value.type.kind === 'tensor' ? value.type.shape : [];
        if (!shape) continue;
        sum.ranks++;
        if (shape.every((dim) => !isUnknown(dim) || named.has(dimText(dim)))) sum.dims++;
      }
  return sum;
}
