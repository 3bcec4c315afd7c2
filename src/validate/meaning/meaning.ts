/** Finds the use of a model's outputs from its graph and names: an error is then judged by its effect on that use. */

import { append } from '../../ir/collections/lists.js';
import { under } from '../../ir/collections/named.js';
import { fromStart } from '../../ir/dims/axes.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { isFloat } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { movedFrom } from '../../ops/moved.js';
import type { TensorData } from '../../runtime/isolate.js';
import { roleOf } from '../inputs/roles.js';
import { originOf } from './origin.js';

/** Ports of one set of detections: boxes, with scores and classes in ports beside them or in the same rows. */
export interface DetectionPorts {
  readonly boxes: string;
  readonly scores?: string | undefined;
  readonly classes?: string | undefined;
}

/** The use of an output. Others are plain tensors. */
export type Meaning =
  /** The answer of a row along the axis is its largest element. */
  | { readonly kind: 'classes'; readonly axis: number }
  | { readonly kind: 'tokens'; readonly axis: number }
  /** Rows along the last axis are directions. */
  | { readonly kind: 'embedding' }
  /** Probabilities of a yes: one for each pixel of a picture, or single ones. */
  | { readonly kind: 'mask' }
  | { readonly kind: 'decisions' }
  | { readonly kind: 'detections'; readonly ports: DetectionPorts }
  | { readonly kind: 'waveform' }
  | { readonly kind: 'image' };

export type MeaningKind = Meaning['kind'];

interface GraphOutput {
  readonly name: string;
  readonly value: Value;
  readonly shape: readonly number[];
  readonly origin: Node | undefined;
}

/** A waveform of fixed length is at least this long; a picture is at least this wide. */
const LONG = 1024;
const WIDE = 16;

/** The meaning of each output that has one. `sample`: the outputs of one run of the model. */
export function meaningsOf(model: Model, sample: Readonly<Record<string, TensorData>>): ReadonlyMap<string, Meaning> {
  const { outputPorts, outputs } = model.graph;
  const known = outputPorts.flatMap(({ name }, index): GraphOutput[] => {
    const value = outputs[index] as Value;
    const given = under(sample, name);
    return given ? [{ name, value, shape: given.shape, origin: originOf(value) }] : [];
  });
  const found = detectionsOf(known);
  for (const output of known)
    if (!found.has(output.name) && isFloat(sample[output.name]?.type)) {
      const meaning = meaningOf(model, output);
      if (meaning) found.set(output.name, meaning);
    }
  return found;
}

function meaningOf(model: Model, output: GraphOutput): Meaning | undefined {
  const { name, value, shape, origin } = output;
  const rank = shape.length;
  const text = `${name} ${wordsOf(origin)}`.toLowerCase();
  if (origin?.domain === '' && /^(Log)?Softmax$/.test(origin.opType)) return softmax(origin, rank);
  if (origin && /^(Hard)?Sigmoid$/.test(origin.opType)) return sigmoid(output, text);
  const isLong = (shape.at(-1) ?? 0) >= LONG || isOpen(value, -1);
  if (isLong && isSound(output, text)) return { kind: 'waveform' };
  if (rank === 4 && [1, 3, 4, 8, 16].includes(shape[1] as number) && isPicture(output, text)) return { kind: 'image' };
  if (isNormalised(origin)) return { kind: 'embedding' };
  // Pooling heads are no classifiers.
  if (isPooled(output)) return { kind: 'embedding' };
  return scores(model, output, text);
}

/** The output's operator and its weights by name: `classifier.weight`, `/lm_head/MatMul`. */
const wordsOf = (origin: Node | undefined): string =>
  [origin, ...(origin?.is('Add') ? origin.inputs.map((input) => input?.producer) : [])]
    .flatMap((node) => [node?.name, ...(node?.inputs ?? []).flatMap((input) => (input?.isConstant ? input.name : []))])
    .join(' ');

/** Attention weights are no classes: a product reads them. */
function softmax(origin: Node, rank: number): Meaning | undefined {
  if (origin.output.users.some((user) => user.is('MatMul'))) return undefined;
  const axis = fromStart(origin.int('axis', -1), rank);
  return rank >= 2 && axis >= 1 ? { kind: 'classes', axis } : undefined;
}

function sigmoid({ shape }: GraphOutput, text: string): Meaning | undefined {
  if (/box|coord|point|offset|depth|image|rgb/.test(text)) return undefined;
  const isPlane = shape.slice(-2).every((dim) => dim >= WIDE);
  if (isPlane && (shape.length === 3 || (shape.length === 4 && shape[1] === 1))) return { kind: 'mask' };
  return isPlane && shape[1] === 3 ? { kind: 'image' } : { kind: 'decisions' };
}

const isOpen = (value: Value, axis: number): boolean => typeof value.shape?.at(axis) === 'object';

function isSound({ shape, origin }: GraphOutput, text: string): boolean {
  const isFlat = shape.length === 2 || (shape.length === 3 && shape[1] === 1);
  const isNamed = /wav|audio|speech|pcm|sound/.test(text);
  return isFlat && (isNamed || (/^(Tanh|ConvTranspose|STFT|ISTFT)$/.test(origin?.opType ?? '') && shape.length === 3));
}

function isPicture({ value, shape, origin }: GraphOutput, text: string): boolean {
  const isWide = shape.slice(-2).every((dim, i) => dim >= WIDE || isOpen(value, i - 2));
  const isMade = /^(Conv|ConvTranspose|Clip|Tanh|Add|Mul|Div)$/.test(origin?.opType ?? '');
  const isNamed = /image|sample|latent|pixel|rgb|recon/.test(text) && !/logit|mask/.test(text);
  return isWide && isMade && isNamed;
}

/** True for a value that is divided by its own norm, whatever keeps the norm from zero. */
function isNormalised(origin: Node | undefined): boolean {
  if (origin?.is('LpNormalization')) return true;
  if (!origin?.is('Div')) return false;
  let node = origin.inputs[1]?.producer;
  for (let steps = 0; node && steps < 6; steps++) {
    if (node.is('ReduceL2')) return true;
    const isPassed = /^(Clip|Max|Add|Sqrt|Pow)$/.test(node.opType) || movedFrom(node.outputs[0], true) !== undefined;
    if (!isPassed) return node.is('ReduceSum') && squares(node.inputs[0]?.producer);
    node = (node.inputs.find((input) => input?.producer && !input.isConstant) ?? undefined)?.producer;
  }
  return false;
}

const squares = (node: Node | undefined): boolean =>
  node?.is('Pow') === true || (node?.is('Mul') === true && node.inputs[0] === node.inputs[1]);

/** Narrower rows are features, whatever their name; a softmax tells binary scores apart. */
const CLASSES = 3;
const VOCABULARY = 64;

function scores(model: Model, { shape, value, origin }: GraphOutput, text: string): Meaning | undefined {
  const rank = shape.length;
  const last = shape.at(-1) ?? 0;
  const isLogits = /logit/.test(text);
  if (rank === 4 && isLogits && origin?.is('Conv') && (shape[1] ?? 0) >= 2) return { kind: 'classes', axis: 1 };
  const isProduct = isLinear(origin);
  if (rank === 3 && isProduct && last >= VOCABULARY && !isOpen(value, -1)) {
    const tables = model.graph.inputs.flatMap((input) => {
      const role = roleOf(model, input);
      return role.kind === 'ids' ? [role.below] : [];
    });
    const isVocabulary = tables.some((rows) => Math.abs(rows - last) <= 64);
    if (isVocabulary || (tables.length > 0 && (isLogits || /lm_head/.test(text)))) return { kind: 'tokens', axis: 2 };
  }
  const isNamed = isLogits || /class|score|(^|[^a-z])(fc|head)([^a-z]|$)|prob/.test(text);
  const isScores = (rank === 2 || (rank === 3 && isLogits)) && isProduct && isNamed && last >= CLASSES;
  return isScores ? { kind: 'classes', axis: rank - 1 } : undefined;
}

/** A product with weights, through the bias, the scale and the cap behind it. */
function isLinear(node: Node | undefined): boolean {
  for (let at = node, steps = 0; at && steps < 6; steps++) {
    if (at.is('MatMul') || at.is('Gemm')) return true;
    if (!/^(Add|Mul|Div|Tanh|Where)$/.test(at.opType)) return false;
    at = at.inputs.map((input) => originOf(input)).find((one) => one !== undefined);
  }
  return false;
}

function isPooled({ name, shape }: GraphOutput): boolean {
  return shape.length === 2 && (shape[1] ?? 0) >= VOCABULARY / 4 && /embed|pool|feature|sentence|vector/i.test(name);
}

/** Outputs behind one selection (NonMaxSuppression, TopK), told apart by their shapes. */
function detectionsOf(outputs: readonly GraphOutput[]): Map<string, Meaning> {
  const found = new Map<string, Meaning>();
  const selected = outputs.filter(({ value }) => isSelected(value));
  const rowsOf = (shape: readonly number[]): string => shape.join();
  for (const { name, shape } of selected) {
    const last = shape.at(-1);
    if (shape.length < 2 || found.has(name)) continue;
    if (last === 6 || last === 7) found.set(name, { kind: 'detections', ports: { boxes: name } });
    if (last !== 4) continue;
    const beside = selected.filter((one) => rowsOf(one.shape) === rowsOf(shape.slice(0, -1)));
    const scores = beside.find((one) => /score|conf|prob/i.test(one.name));
    const classes = beside.find((one) => /class|label|categ/i.test(one.name) && one !== scores);
    if (!scores) continue;
    const meaning: Meaning = {
      kind: 'detections',
      ports: { boxes: name, scores: scores.name, classes: classes?.name },
    };
    for (const one of [name, scores.name, ...(classes ? [classes.name] : [])]) found.set(one, meaning);
  }
  return found;
}

/** True where a selection stands before the value, and no learned node is between. */
function isSelected(value: Value): boolean {
  const seen = new Set<Node>();
  const queue = [value.producer];
  for (let node = queue.shift(); queue.length || node; node = queue.shift()) {
    if (!node || seen.has(node) || seen.size > 200) continue;
    seen.add(node);
    if (node.is('NonMaxSuppression') || node.is('TopK')) return true;
    if (/^(Conv|ConvTranspose|MatMul|Gemm|Softmax|LayerNormalization)$/.test(node.opType)) continue;
    append(
      queue,
      node.inputs.map((input) => input?.producer),
    );
  }
  return false;
}
