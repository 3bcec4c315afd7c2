/**
 * Rewrites a model to compute in a narrower float, with islands of float32: `bf16` on CUDA and `fp16` share this.
 * The interface and the ports of bodies and functions stay float32. A value is cast once for all readers of the other type.
 */

import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { computesIn, isHost } from '../../src/ir/targets/targets.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { dataTypes, tensorType } from '../../src/ir/types.js';
import type { Use, Value } from '../../src/ir/value.js';
import { isNarrow } from '../../src/ir/whole-model/widen.js';
import type { ActivationStatistics } from '../../src/run/activations.js';
import type { PassContext } from '../../src/run/pass.js';
import { candidates, Islands, narrowInputs, narrowOutputs, usesOf } from './islands.js';
import { keeps } from './keep.js';
import { brokenInFloat16OnCpu, isMovement, isTypedByItself, precisionOf, whyWide } from './ops.js';
import { beyondRange } from './range/beyond.js';
import { type Sensitive, sensitive } from './sensitive.js';

export interface Narrowing {
  readonly type: 'float16' | 'bfloat16';
  /** The largest finite number, where float32 holds larger ones. */
  readonly largest: number | undefined;
  /** Op types and node name patterns that the user keeps in float32. */
  readonly keep: readonly string[];
  /** True if float32 inputs and outputs of the model stay float32. */
  readonly keepIo: boolean;
  cast(tensor: Tensor): Tensor;
  /** Statistics of values over the user's inputs; empty without any. */
  readonly measured: ReadonlyMap<Value, ActivationStatistics>;
  /** The fault of a constant in the narrow type: too large, or zero; undefined where it stays nearly the same. */
  misfit(tensor: Tensor): 'tiny' | 'large' | undefined;
}

/** Rewrites the model, and reports why nodes stay float32. */
export function narrow(model: Model, narrowing: Narrowing, context: PassContext): void {
  const { type, largest } = narrowing;
  if (hasNodesIn(model, type)) {
    context.note(`the model computes in ${type} already; its float32 parts are left as they are, as if on purpose`);
    return;
  }
  for (const graph of model.graphs()) for (const node of graph.nodes()) removeIdle(node);
  const misfits = new Map<Value, 'tiny' | 'large' | undefined>();
  const misfit = (value: Value) => {
    const tensor = constantTensor(value);
    if (!misfits.has(value))
      misfits.set(value, tensor && tensor.type === 'float32' ? narrowing.misfit(tensor) : undefined);
    return misfits.get(value);
  };
  // A narrow mask gains nothing on a target that computes in float32 anyway.
  const found = sensitive(model, misfit, computesIn(context.target, type), largest !== undefined);
  const isMasked = ({ producer }: Value): boolean =>
    producer?.inputs.some((value) => value && (misfit(value) === 'large' || found.values.get(value) === 'large')) ===
    true;
  const beyond = largest === undefined ? new Map() : beyondRange(model, largest, isMasked, narrowing.measured);
  const isKept = keeps(narrowing.keep);
  const narrowNodes = candidates(
    model,
    (node) => objection(node, narrowing, { ...found, beyond }, isKept, context),
    context.skip,
  );
  const isPort = (port: Value | Use): boolean => {
    if (narrowing.keepIo) return false;
    if (!('node' in port)) return port.graph === model.graph && port.isInput && !port.defaultTensor && !port.tensor;
    return port.node === model.graph.end && !port.node.inputs[port.index]?.tensor;
  };
  const islands = new Islands(narrowNodes, isPort);
  for (const node of islands.settle()) context.skip('the casts around it would cost more than it gains', node);
  if (islands.narrow.size === 0) return;
  for (const value of model.graph.inputs)
    if (value.tensor?.type === 'float32' && value.uses.size > 0)
      context.skip(
        'it is listed as an input (IR version 3), which must stay float32: it is cast where it is read',
        value,
      );
  const cut = new NarrowingRewrite(model, islands, found, narrowing).run();
  noteRange(model, narrowing, context);
  if (cut)
    context.note(`masks are cut to ${-cut}: a query that may see no key averages the values otherwise than before`);
}

/** Cast to float32(x) of a float32 x ⟶ x: it would be an island. */
function removeIdle(node: Node): void {
  const [from] = node.inputs;
  if (node.is('Cast') && from?.elem === 'float32' && node.output.elem === 'float32')
    node.graph.replaceUses(node.output, from);
}

/** Notes the ports that became narrow and may hold numbers beyond the range. */
function noteRange({ graph }: Model, { type, largest, keepIo }: Narrowing, { note }: PassContext): void {
  if (keepIo || largest === undefined) return;
  const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');
  const taken = graph.inputs.filter((value) => value.elem === type).map(({ name }) => name);
  const given = graph.outputPorts.filter(({ type: declared }, index) => {
    const value = graph.outputs[index];
    return value?.elem === type && declared?.kind === 'tensor' && declared.elem === type && !isBounded(value);
  });
  if (taken.length > 0) note(`inputs are ${type}, which holds numbers up to ${largest}: ${list(taken)}`);
  if (given.length > 0)
    note(`outputs that are infinite where they would pass ${largest}: ${list(given.map(({ name }) => name))}`);
}

/** True for a value whose operator bounds it, also behind movements. */
function isBounded({ producer }: Value): boolean {
  let node = producer;
  while (node && isMovement(node) && node.inputs[0]) node = node.inputs[0].producer;
  return node !== undefined && precisionOf(node).size === 'bounded';
}

/** True where a node other than a Cast gives the type. */
function hasNodesIn(model: Model, type: 'float16' | 'bfloat16'): boolean {
  for (const graph of model.graphs())
    for (const node of graph.nodeSet)
      if (!node.is('Cast') && !isMovement(node) && node.outputs.some((value) => value?.elem === type)) return true;
  return false;
}

/** The reason that a node stays float32; '' where it is obvious. */
function objection(
  node: Node,
  { type, largest }: Narrowing,
  found: Sensitive & { readonly beyond: ReadonlyMap<Value, string> },
  isKept: (node: Node) => boolean,
  context: PassContext,
): string | undefined {
  const values = [...node.inputs, ...node.outputs].filter((value) => value !== undefined);
  if (node.bodies.length > 0) return '';
  if (isKept(node)) return 'kept in float32 as asked';
  const left = context.leaves(node);
  if (left) return left;
  if (node.graph.model.functionOf(node)) return 'the ports of local functions stay float32';
  if (values.some((value) => value.type && value.type.kind !== 'tensor'))
    return 'sequences, maps and optionals keep their float32 elements';
  if (isTypedByItself(node)) return '';
  if (values.some((value) => value.elem === undefined)) return 'a type at it is not known';
  const isKnown = node.domain === '' || node.domain === 'com.microsoft';
  const reason =
    found.nodes.get(node) ??
    values.map((value) => found.beyond.get(value)).find((one) => one !== undefined) ??
    (isKnown ? whyWide(node, largest !== undefined) : `no kernel of ${node.domain} is known`);
  if (reason) return reason;
  const fault = isHost(context.target) ? brokenInFloat16OnCpu(node) : undefined;
  if (fault) return fault;
  if (!context.hasKernel(node.opType, node.domain, node.opset ?? 1, type))
    return `${node.opType} has no ${type} kernel on ${context.target}`;
  return undefined;
}

/** True for a constant that is an input, or is cast from one: the file would hold a narrow copy beside it. */
function isListed(constant: Value): boolean {
  let source: Value | undefined = constant;
  while (source?.producer) source = source.producer.inputs[0];
  return source?.isInput === true && !source.graph.isInFunction;
}

/** Masks are cut to this share of the largest number: it gives zero after a Softmax, and is far from the end of the range. */
export const MASK = 0.75;

/** Rewrites slots and types; nodes stay. */
class NarrowingRewrite {
  readonly #constants = new Map<Value, Value>();
  readonly #narrowed = new Map<Value, Value>();
  readonly #widened = new Map<Value, Value>();
  readonly #casts = new Set<Node>();
  #cutAt: number | undefined;

  constructor(
    readonly model: Model,
    readonly islands: Islands,
    readonly found: Sensitive,
    readonly narrowing: Narrowing,
  ) {}

  /** Returns the number that masks were cut to; undefined where none was cut. */
  run(): number | undefined {
    const { islands, model } = this;
    const slots = [...islands.narrow].flatMap((node) => narrowInputs(node).map((index) => ({ node, index })));
    const results = [...islands.narrow].flatMap(narrowOutputs);
    const ports = this.narrowing.keepIo
      ? []
      : model.graph.inputs.filter((value) => value.elem === 'float32' && islands.isNarrow(value));
    const sources = new Set([...results, ...ports]);
    const outputs = model.graph.end.inputs.flatMap((value, index) =>
      value?.elem === 'float32' && islands.isNarrowUse({ node: model.graph.end, index }) ? [index] : [],
    );
    for (const { node, index } of [...slots, ...outputs.map((index) => ({ node: model.graph.end, index }))]) {
      const value = node.inputs[index] as Value;
      if (!sources.has(value)) node.graph.setInput(node, index, this.#narrow(value));
    }
    for (const value of sources) {
      const wide = usesOf(value).filter((use) => !islands.isNarrowUse(use) && !this.#casts.has(use.node));
      value.type = tensorType(this.narrowing.type, value.shape);
      for (const { node, index } of wide) node.graph.setInput(node, index, this.#widen(value));
    }
    for (const index of outputs) {
      const port = model.graph.outputPorts[index];
      if (port?.type?.kind === 'tensor') port.type = tensorType(this.narrowing.type, port.type.shape);
    }
    return this.#cutAt;
  }

  /** A float32 value in the narrow type. */
  #narrow(value: Value): Value {
    const tensor = constantTensor(value);
    if (tensor && !isListed(value)) return this.#constant(value, tensor);
    const { producer } = value;
    const from = producer?.inputs[0];
    // A Cast of a narrow value, or of one that is exact in any type, is replaced by its source.
    if (producer?.is('Cast') && from?.elem === this.narrowing.type) return from;
    const known = this.#narrowed.get(value) ?? this.#castAlready(value);
    if (known) return known;
    const isExact = producer?.is('Cast') && (from?.elem === 'bool' || isNarrow(from?.elem));
    const source = isExact && from ? from : this.#cut(value);
    const cast = this.#cast(value.graph, source, this.narrowing.type, value);
    this.#narrowed.set(value, cast);
    return cast;
  }

  /** The result of a Cast to the narrow type that the model has already; not for a mask, which would be infinite. */
  #castAlready(value: Value): Value | undefined {
    if (this.found.values.get(value) === 'large') return undefined;
    const { type } = this.narrowing;
    return value.users.find(
      (node) => node.is('Cast') && node.graph === value.graph && node.output.elem === type && !this.#casts.has(node),
    )?.output;
  }

  /**
   * Cuts a mask to the range: its lowest number must not become minus infinity, not even when a score is added to it,
   * or a row that is masked as a whole gives NaN in the Softmax.
   */
  #cut(value: Value): Value {
    const { largest } = this.narrowing;
    if (largest === undefined || this.found.values.get(value) !== 'large') return value;
    const { graph } = value;
    this.#cutAt = largest * MASK;
    const lowest = graph.constant(tensorOf('float32', -this.#cutAt));
    const cut = graph.add('Max', [value, lowest], { outputs: [`${value.name}_cut`] });
    cut.output.type = value.type;
    return cut.output;
  }

  #constant(value: Value, tensor: Tensor): Value {
    const known = this.#constants.get(value);
    if (known) return known;
    const constant = value.graph.constant(this.narrowing.cast(tensor), value.name);
    this.#constants.set(value, constant);
    return constant;
  }

  /** A narrow value in float32. */
  #widen(value: Value): Value {
    const known = this.#widened.get(value) ?? this.#cast(value.graph, value, 'float32', value);
    this.#widened.set(value, known);
    return known;
  }

  #cast(graph: Graph, value: Value, to: 'float16' | 'bfloat16' | 'float32', like: Value): Value {
    const name = `${like.name}_${to}`;
    const cast = graph.add('Cast', [value], { name, attributes: { to: dataTypes[to].code }, outputs: [name] });
    cast.output.type = tensorType(to, like.shape);
    this.#casts.add(cast);
    return cast.output;
  }
}
