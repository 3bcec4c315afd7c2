/** One small model for each pass and each rule, on which it does what it is for. */
import { bf16 } from '../../passes/bf16.js';
import { channelsLast } from '../../passes/channels-last.js';
import { compact } from '../../passes/compact.js';
import { fit as fitPass } from '../../passes/fit.js';
import { flattenOutputs } from '../../passes/flatten-outputs.js';
import { fp8 } from '../../passes/fp8.js';
import { fp16 } from '../../passes/fp16.js';
import { fp32 } from '../../passes/fp32.js';
import { fullGraph } from '../../passes/full-graph.js';
import { fuseAct } from '../../passes/fuse-act.js';
import { fuseAttn } from '../../passes/fuse-attn.js';
import { fuseCache } from '../../passes/fuse-cache.js';
import { fuseNorm } from '../../passes/fuse-norm.js';
import { fuseRope } from '../../passes/fuse-rope.js';
import { inline } from '../../passes/inline.js';
import { int4 } from '../../passes/int4.js';
import { int8 } from '../../passes/int8.js';
import { opset } from '../../passes/opset.js';
import { outline } from '../../passes/outline.js';
import { ports } from '../../passes/ports.js';
import { simplify } from '../../passes/simplify.js';
import { staticKv } from '../../passes/static-kv.js';
import { symbolicBatch } from '../../passes/symbolic-batch.js';
import { tieWeights } from '../../passes/tie-weights.js';
import { float } from '../../src/ir/attribute.js';
import { buildModel, GraphBuilder } from '../../src/ir/build.js';
import { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { Pass } from '../../src/run/pass.js';
import type { PassCase } from '../../src/testing/check-pass.js';
import { randomWeights } from '../check-pass.js';
import { attention } from '../passes/attention/attention-models.js';
import { cached, padded } from '../passes/attention/cached-models.js';
import { rope, spellings } from '../passes/rotary/rope-spellings.js';
import { published } from '../published.js';

export interface Picture extends Pick<PassCase, 'before' | 'within' | 'target' | 'runs' | 'dims' | 'keepsInterface'> {
  readonly pass: Pass;
}

/** float32 in another order, or another approximation of the same function. */
const NOISE = 1e-5;

const number = (g: GraphBuilder, x: number): Value => g.constant('float32', x);
const vector = (g: GraphBuilder, name: string, seed = 5): Value => g.constant(randomWeights([4], 1, seed), name);
const matrix = (g: GraphBuilder, name: string, size = 4): Value => g.constant(randomWeights([size, size], 0.3), name);

const transposed = (weight: Tensor): Tensor => {
  const [rows = 1, columns = 1] = weight.shape;
  const values = numbersOf(weight);
  const turned = Array.from(
    { length: values.length },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? 0,
  );
  return tensorOf('float32', turned, [columns, rows]);
};

/** y = f(x), x: float32[batch, sequence, 4]. */
const of = (f: (g: GraphBuilder, x: Value) => Value, version = 17): Model =>
  buildModel({ '': version }, (g) => g.output('y', f(g, g.input('x', 'float32', ['batch', 'sequence', 4]))));

const image = (f: (g: GraphBuilder, x: Value) => Value): Model =>
  buildModel({ '': 17 }, (g) => g.output('y', f(g, g.input('x', 'float32', ['batch', 8, 'height', 'width']))));

/** Seven layers, each x ↦ Relu(x · w + b) + x, with a weight that is too large to be printed. */
export const layers = (): Model =>
  buildModel({ '': 17 }, (g) => {
    let x = g.input('x', 'float32', ['n', 16]);
    for (let i = 0; i < 7; i++) {
      const [w, b] = [[16, 16], [16]].map((shape, at) =>
        g.constant(randomWeights(shape, 0.2, i), `layers.${i}.${at ? 'bias' : 'weight'}`),
      ) as [Value, Value];
      const sum = g.op('Add', [g.op('MatMul', [x, w]), b]);
      x = g.op('Add', [g.op('Relu', [sum]), x], {}, { name: `/layers.${i}/Add` });
    }
    g.output('y', x, 'float32', ['n', 16]);
  });

/** y = Twice(x), a function of the model. */
function call(): Model {
  const model = buildModel({ '': 17, local: 1 }, (g) =>
    g.output('y', g.op('Twice', [g.input('x', 'float32', [3])], undefined, { domain: 'local' }), 'float32', [3]),
  );
  const graph = new Graph(model, 'Twice', new Map([['', 17]]));
  const g = new GraphBuilder(graph);
  const x = graph.input('x');
  g.output('y', g.op('Add', [x, x]));
  const rest = { overload: '', attributes: [], defaults: new Map(), docString: '' };
  model.functions.push({ domain: 'local', name: 'Twice', graph, ...rest });
  return model;
}

const product = (): Model =>
  buildModel({ '': 17 }, (g) =>
    g.output('y', g.op('MatMul', [g.input('x', 'float32', ['batch', 64]), matrix(g, 'w', 64)]), 'float32', [
      'batch',
      64,
    ]),
  );

export const ofPasses: Readonly<Record<string, Picture>> = {
  inline: { pass: inline(), before: call(), within: 0 },
  simplify: {
    pass: simplify(),
    within: NOISE,
    before: of((g, x) => {
      const turned = g.op('Transpose', [g.op('Identity', [x])], { perm: [0, 2, 1] });
      const back = g.op('Transpose', [turned], { perm: [0, 2, 1] });
      return g.op('Add', [g.op('Mul', [back, number(g, 1)]), g.op('Add', [number(g, 2), number(g, 3)])]);
    }),
  },
  opset: {
    pass: opset({ to: 20 }),
    within: 0,
    before: of((g, x) => g.op('Squeeze', [g.op('ReduceMean', [x], { axes: [-1], keepdims: 1 })], { axes: [2] }), 11),
  },
  'flatten-outputs': {
    pass: flattenOutputs(),
    within: 0,
    keepsInterface: false,
    before: buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [3]);
      const pair = g.op('SequenceConstruct', [g.op('Neg', [x]), x]);
      g.output('pair', pair, { kind: 'sequence', elem: tensorType('float32') });
    }),
  },
  'fuse-rope': { pass: fuseRope(), before: rope({ rotate: spellings.slices }), within: NOISE },
  'fuse-attn': {
    pass: fuseAttn(),
    within: NOISE,
    before: attention({ scores: (g, scores) => g.op('Div', [scores, number(g, 2)]) }),
  },
  'fuse-cache': {
    pass: fuseCache(),
    within: NOISE,
    before: cached({ batch: 'batch', rows: 1, mask: padded }),
    dims: { past: 5, total: 6, present: 6 },
  },
  'fuse-norm': { pass: fuseNorm(), before: of(layerNorm), within: NOISE },
  'fuse-act': { pass: fuseAct(), before: of((g, x) => g.op('Mul', [x, g.op('Sigmoid', [x])])), within: NOISE },
  bf16: { pass: bf16(), before: product(), target: 'cuda', runs: false, within: 0 },
  fp32: { pass: fp32(), before: published(product(), 'float16'), within: 0.01 },
  fp16: { pass: fp16({ compute: true }), before: product(), within: 0.01 },
  int8: { pass: int8(), before: product(), within: 0.05 },
  int4: { pass: int4(), before: product(), within: 0.2 },
  fp8: { pass: fp8({ minElements: 16 }), before: product(), target: 'cuda:sm89', runs: false, within: 0.05 },
  fit: { pass: fitPass({ minElements: 16 }), before: product(), within: 0.03 },
  'full-graph': {
    pass: fullGraph(),
    target: 'webgpu',
    within: NOISE,
    before: of((g, x) => g.op('Where', [g.op('IsNaN', [x]), g.op('ConstantOfShape', [g.op('Shape', [x])]), x])),
  },
  'channels-last': { pass: channelsLast(), target: 'cuda', runs: false, within: NOISE, before: convolutions() },
  'tie-weights': {
    pass: tieWeights(),
    before: buildModel({ '': 17 }, (g) => {
      const tied = randomWeights([32, 48], 0.2);
      const words = g.op('Gather', [g.constant(tied, 'embed'), g.input('ids', 'int64', ['n'])]);
      g.output('logits', g.op('MatMul', [g.op('Relu', [words]), g.constant(transposed(tied), 'lm_head')]));
    }),
    within: 0,
  },
  ports: {
    pass: ports({ int32: true, uint8Image: true, mean: [0.5], std: [0.5], size: [8, 8] }),
    before: buildModel({ '': 17 }, (g) => {
      const image = g.input('image', 'float32', ['batch', 3, 8, 8]);
      const table = g.constant('float32', [1, 2, 3, 4, 5, 6], [2, 3], 'table');
      const rows = g.op('Gather', [table, g.input('kind', 'int64', ['batch'])]);
      g.output('y', g.op('Add', [g.op('GlobalAveragePool', [image]), g.op('Unsqueeze', [rows, g.ints(2, 3)])]));
    }),
    within: 0,
    runs: false,
    keepsInterface: false,
  },
  'symbolic-batch': {
    pass: symbolicBatch({ name: 'N' }),
    before: buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [1, 3, 4]);
      const all = g.op('Concat', [g.constant('float32', [1, 2, 3, 4], [1, 1, 4], 'token'), x], { axis: 1 });
      g.output('y', g.op('Reshape', [all, g.ints(1, 16)]), 'float32', [1, 16]);
    }),
    within: 0,
    keepsInterface: false,
  },
  'static-kv': {
    pass: staticKv({ length: 8 }),
    before: buildModel({ '': 17 }, (g) => {
      const [past, fresh, q] = ['past', 'fresh', 'q'].map((name) =>
        g.input(name, 'float32', ['batch', 2, name === 'past' ? 'past' : 'new', 4]),
      ) as [Value, Value, Value];
      const keys = g.op('Concat', [past, fresh], { axis: 2 });
      g.output('present', keys);
      const scores = g.op('MatMul', [q, g.op('Transpose', [keys], { perm: [0, 1, 3, 2] })]);
      g.output('y', g.op('MatMul', [g.op('Softmax', [scores], { axis: -1 }), keys]));
    }),
    within: 0,
    runs: false,
    keepsInterface: false,
  },
  outline: { pass: outline(), before: layers(), within: 0 },
  compact: { pass: compact(), before: convolutions(), within: 0 },
};

/** Relu(Conv(x) + time), and another Conv. */
function convolutions(): Model {
  return buildModel({ '': 17 }, (g) => {
    const filters = (name: string, seed: number) => g.constant(randomWeights([8, 8, 3, 3], 9, seed), name);
    const pads = [1, 1, 1, 1];
    const x = g.op('Conv', [g.input('x', 'float32', ['batch', 8, 'height', 'width']), filters('w1', 1)], { pads });
    const sum = g.op('Add', [x, g.input('time', 'float32', ['batch', 8, 1, 1])]);
    const more = g.op('Conv', [g.op('Relu', [sum]), filters('w2', 2)], { pads });
    g.output('y', g.op('Conv', [more, filters('w3', 3)], { pads }));
  });
}

/** GroupNorm(x + skip), and the sum, on images whose channels are last. */
function residualGroups(): Model {
  return buildModel({ '': 17, 'com.microsoft': 1 }, (g) => {
    const [x, skip] = ['x', 'skip'].map((name) => g.input(name, 'float32', ['batch', 4, 4, 8])) as [Value, Value];
    const sum = g.op('Add', [x, skip]);
    const [scale, bias] = [5, 6].map((seed) => g.constant(randomWeights([8], 1, seed))) as [Value, Value];
    const attributes = { groups: 2, channels_last: 1, activation: 0, epsilon: float(1e-5) };
    g.output('y', g.op('GroupNorm', [sum, scale, bias], attributes, { domain: 'com.microsoft' }));
    g.output('sum', g.op('Relu', [sum]));
  });
}

function layerNorm(g: GraphBuilder, x: Value): Value {
  const mean = (value: Value) => g.op('ReduceMean', [value], { axes: [-1], keepdims: 1 });
  const centred = g.op('Sub', [x, mean(x)]);
  const variance = g.op('Add', [mean(g.op('Pow', [centred, number(g, 2)])), number(g, 1e-5)]);
  const normed = g.op('Div', [centred, g.op('Sqrt', [variance])]);
  return g.op('Add', [g.op('Mul', [normed, vector(g, 'scale')]), vector(g, 'bias', 6)]);
}

function rmsNorm(g: GraphBuilder, x: Value): Value {
  const square = g.op('ReduceMean', [g.op('Mul', [x, x])], { axes: [-1], keepdims: 1 });
  const root = g.op('Sqrt', [g.op('Add', [square, number(g, 1e-6)])]);
  return g.op('Mul', [g.op('Div', [x, root]), vector(g, 'scale')]);
}

/** As tf2onnx writes that of Keras: every row is a channel of a BatchNormalization. */
function layerNormOfRows(g: GraphBuilder, x: Value): Value {
  const axes = [0, 2, 3];
  const size = g.op('Shape', [x]);
  const count = g.op('ReduceProd', [g.op('Slice', [size, g.ints(0), g.ints(-1)])], { keepdims: 1 });
  const rows = g.op('Reshape', [x, g.ints(1, -1, 4, 1)]);
  const mean = g.op('ReduceMean', [rows], { axes, keepdims: 1 });
  const squares = g.op('ReduceSumSquare', [g.op('Sub', [rows, mean])], { axes, keepdims: 0 });
  const [ones, zeros] = [1, 0].map((fill) => g.op('Expand', [number(g, fill), count])) as [Value, Value];
  const statistics = [g.op('Squeeze', [mean, g.ints(...axes)]), g.op('Div', [squares, number(g, 4)])];
  const normed = g.op('BatchNormalization', [rows, ones, zeros, ...statistics], { epsilon: float(1e-3) });
  const scaled = g.op('Mul', [g.op('Reshape', [normed, size]), vector(g, 'scale')]);
  return g.op('Add', [scaled, vector(g, 'bias', 6)]);
}

function groupNorm(g: GraphBuilder, x: Value): Value {
  const groups = g.op('Reshape', [x, g.ints(0, 2, -1)]);
  const [ones, zeros] = [1, 0].map((fill) => g.constant('float32', [fill, fill])) as [Value, Value];
  const normed = g.op('InstanceNormalization', [groups, ones, zeros], { epsilon: float(1e-6) });
  const [scale, bias] = [5, 6].map((seed) => g.constant(randomWeights([8, 1, 1], 1, seed))) as [Value, Value];
  return g.op('Add', [g.op('Mul', [g.op('Reshape', [normed, g.op('Shape', [x])]), scale]), bias]);
}

const withSilu = (g: GraphBuilder, y: Value): Value => g.op('Mul', [y, g.op('Sigmoid', [y])]);

function residual(norm: string): Model {
  return buildModel({ '': 17 }, (g) => {
    const [x, skip] = ['x', 'skip'].map((name) => g.input(name, 'float32', ['batch', 'sequence', 4])) as [Value, Value];
    const sum = g.op('Add', [x, skip]);
    const weights = norm === 'LayerNormalization' ? [vector(g, 'scale'), vector(g, 'bias', 6)] : [vector(g, 'scale')];
    g.output('y', g.op(norm, [sum, ...weights], { epsilon: float(1e-3) }));
    g.output('sum', g.op('Relu', [sum]));
  });
}

function geluByTanh(g: GraphBuilder, x: Value): Value {
  const cube = g.op('Mul', [g.op('Pow', [x, number(g, 3)]), number(g, 0.044715)]);
  const slope = g.op('Mul', [g.op('Add', [x, cube]), number(g, Math.sqrt(2 / Math.PI))]);
  return g.op('Mul', [g.op('Mul', [x, number(g, 0.5)]), g.op('Add', [g.op('Tanh', [slope]), number(g, 1)])]);
}

function geluByErf(g: GraphBuilder, x: Value): Value {
  const phi = g.op('Add', [g.op('Erf', [g.op('Div', [x, number(g, Math.SQRT2)])]), number(g, 1)]);
  return g.op('Mul', [g.op('Mul', [x, phi]), number(g, 0.5)]);
}

function softmaxInSteps(g: GraphBuilder, x: Value): Value {
  const raised = g.op('Exp', [g.op('Sub', [x, g.op('ReduceMax', [x], { axes: [-1] })])]);
  return g.op('Div', [raised, g.op('ReduceSum', [raised, g.ints(-1)])]);
}

const act = { pass: fuseAct(), within: NOISE };
const norm = { pass: fuseNorm(), within: NOISE };

export const ofRules: Readonly<Record<string, Picture>> = {
  gelu: { ...act, before: of(geluByErf) },
  'gelu-tanh': { ...act, before: of(geluByTanh) },
  silu: { ...act, before: of(withSilu) },
  softsign: {
    ...act,
    before: of((g, x) => g.op('Div', [x, g.op('Add', [g.op('Abs', [x]), g.constant('float32', 1)])])),
  },
  'quick-gelu': {
    ...act,
    before: of((g, x) => g.op('Mul', [x, g.op('Sigmoid', [g.op('Mul', [x, number(g, 1.702)])])])),
  },
  'bias-gelu': { ...act, before: of((g, x) => g.op('Gelu', [g.op('Add', [x, vector(g, 'bias')])]), 20) },
  'layer-norm': { ...norm, before: of(layerNorm) },
  'layer-norm-rows': { ...norm, before: of(layerNormOfRows) },
  'rms-norm': { ...norm, before: of(rmsNorm) },
  // CUDA alone has these kernels.
  'group-norm': { ...norm, before: image(groupNorm), target: 'cuda', runs: false },
  'group-norm-silu': { ...norm, before: image((g, x) => withSilu(g, groupNorm(g, x))), target: 'cuda', runs: false },
  'skip-layer-norm': { ...norm, before: residual('LayerNormalization'), target: 'cuda' },
  'skip-rms-norm': { ...norm, before: residual('SimplifiedLayerNormalization'), target: 'cuda' },
  'skip-group-norm': { pass: channelsLast(), before: residualGroups(), target: 'cuda', runs: false, within: NOISE },
  rotary: { pass: fuseRope(), before: rope({ rotate: spellings.slices }), within: NOISE },
  softmax: { pass: fuseAttn(), before: of(softmaxInSteps), within: NOISE },
};
