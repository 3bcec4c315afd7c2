/** Builds architectures that the collection lacks, as exporters would write them, with narrow layers. */
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';
import { fresh, layer, layers, model, type Weights, WIDTH } from './blocks-models.js';

/** Applies a layer `count` times in a row. */
const repeat = (count: number, x: Value, step: (value: Value, at: number) => Value): Value => {
  let value = x;
  for (let at = 0; at < count; at++) value = step(value, at);
  return value;
};

const linear = (g: GraphBuilder, x: Value, w: Weights, from = WIDTH, to = WIDTH): Value =>
  g.op('Add', [g.op('MatMul', [x, w(from, to)]), w(to)]);

const norm = (g: GraphBuilder, x: Value, w: Weights): Value => g.op('LayerNormalization', [x, w(WIDTH), w(WIDTH)]);

const silu = (g: GraphBuilder, x: Value): Value => g.op('Mul', [x, g.op('Sigmoid', [x])]);

/** Builds attention with a bias; for cross attention, keys and values come from another sequence. */
function attention(g: GraphBuilder, x: Value, w: Weights, bias?: Value, memory = x): Value {
  const [q, k, v] = [linear(g, x, w), linear(g, memory, w), linear(g, memory, w)];
  const scores = g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 2, 1] })]);
  const weights = g.op('Softmax', [bias ? g.op('Add', [scores, bias]) : scores]);
  return linear(g, g.op('MatMul', [weights, v]), w);
}

const mlp = (g: GraphBuilder, x: Value, w: Weights, inner = 8): Value =>
  linear(g, g.op('Relu', [linear(g, x, w, WIDTH, inner)]), w, inner, WIDTH);

type Conv = (x: Value, from: number, to: number, stride?: number, size?: number) => Value;

/** Starts a model of images `[1, 3, 32, 32]`, and gives a function that adds convolutions. */
function imageModel(define: (g: GraphBuilder, x: Value, conv: Conv) => Value): Model {
  return buildModel({ '': 17 }, (g) => {
    const w = fresh(g);
    const conv: Conv = (x, from, to, stride = 1, size = 3) =>
      g.op('Conv', [x, w(to, from, size, size), w(to)], {
        pads: new Array(4).fill((size - 1) / 2),
        strides: [stride, stride],
        kernel_shape: [size, size],
      });
    g.output('y', define(g, g.input('x', 'float32', [1, 3, 32, 32]), conv));
  });
}

/** Builds bottleneck blocks. The first of a stage reads another width and has a convolution beside it. */
export const resnet = (counts: readonly number[]): Model =>
  imageModel((g, x, conv) =>
    counts.reduce<Value>(
      (stage, count, level) => {
        const inner = 4 << level;
        return repeat(count, stage, (value, at) => {
          const from = at > 0 ? 4 * inner : level > 0 ? 2 * inner : 8;
          const stride = at === 0 && level > 0 ? 2 : 1;
          const narrow = g.op('Relu', [conv(value, from, inner, 1, 1)]);
          const deep = conv(g.op('Relu', [conv(narrow, inner, inner, stride)]), inner, 4 * inner, 1, 1);
          const side = at === 0 ? conv(value, from, 4 * inner, stride, 1) : value;
          return g.op('Relu', [g.op('Add', [deep, side])]);
        });
      },
      g.op('MaxPool', [g.op('Relu', [conv(x, 3, 8)])], { kernel_shape: [1, 1] }),
    ),
  );

/** Builds levels of `depth` residual blocks, down and up again. Each level on the way up reads one value from the way down. */
export const unet = (levels: number, depth: number, width = (level: number) => 4 << level): Model =>
  imageModel((g, x, conv) => {
    const residual = (value: Value, from: number, to: number): Value => {
      const one = conv(silu(g, g.op('Tanh', [value])), from, to);
      return g.op('Add', [
        conv(silu(g, g.op('Tanh', [one])), to, to),
        from === to ? value : conv(value, from, to, 1, 1),
      ]);
    };
    let value = conv(x, 3, width(0));
    let from = width(0);
    const kept: { value: Value; width: number }[] = [];
    for (let level = 0; level < levels; level++) {
      for (let at = 0; at < depth; at++) {
        value = residual(value, from, width(level));
        from = width(level);
        kept.push({ value, width: from });
      }
      value = conv(value, from, from, 2);
    }
    for (let level = levels - 1; level >= 0; level--) {
      value = g.op('Resize', [value, undefined, g.constant('float32', [1, 1, 2, 2])]);
      for (let at = 0; at < depth; at++) {
        const skip = kept.pop() as { value: Value; width: number };
        value = residual(g.op('Concat', [value, skip.value], { axis: 1 }), from + skip.width, width(level));
        from = width(level);
      }
    }
    return value;
  });

/** Builds layers whose second half is a sum of gated experts. */
export const mixtureOfExperts = (count: number, experts: number): Model =>
  model((g, x, mask, w) =>
    repeat(count, g.op('Tanh', [x]), (value) => {
      const sum = g.op('Add', [value, attention(g, norm(g, value, w), w, mask)]);
      const normed = norm(g, sum, w);
      const gates = g.op('Softmax', [g.op('MatMul', [normed, w(WIDTH, experts)])]);
      let mixed: Value | undefined;
      for (let at = 0; at < experts; at++) {
        const gate = g.op('Gather', [gates, g.ints(at)], { axis: 2 });
        const up = g.op('Mul', [silu(g, g.op('MatMul', [normed, w(WIDTH, 8)])), g.op('MatMul', [normed, w(WIDTH, 8)])]);
        const one = g.op('Mul', [g.op('MatMul', [up, w(8, WIDTH)]), gate]);
        mixed = mixed ? g.op('Add', [mixed, one]) : one;
      }
      return g.op('Add', [sum, mixed]);
    }),
  );

/** Builds stages of one width: a gated convolution along the sequence, then equal layers. */
export const stages = (count: number, depth: number): Model =>
  model((g, x, mask, w) =>
    repeat(count, x, (value) => {
      const across = (one: Value) => g.op('Transpose', [one], { perm: [0, 2, 1] });
      let gated = value;
      for (let at = 0; at < 4; at++) {
        const mixed = across(g.op('Conv', [across(gated), w(WIDTH, WIDTH, 2 * at + 1), w(WIDTH)], { pads: [at, at] }));
        gated = g.op('Tanh', [g.op('Mul', [mixed, g.op('Sigmoid', [linear(g, gated, w)])])]);
      }
      return repeat(depth, gated, (one) => layer(g, one, mask, w));
    }),
  );

/** Builds layers that add one position bias, which the first layer computes. */
export const t5 = (count: number): Model =>
  model((g, x, mask, w) => {
    let bias: Value | undefined;
    return repeat(count, x, (value) => {
      const normed = norm(g, value, w);
      if (!bias) {
        const length = g.op('Gather', [g.op('Shape', [normed]), g.ints(1)]);
        const range = g.op('Range', [
          g.constant('int64', 0, []),
          g.op('Squeeze', [length]),
          g.constant('int64', 1, []),
        ]);
        const table = g.op('Gather', [
          w(32),
          g.op('Abs', [g.op('Sub', [range, g.op('Unsqueeze', [range, g.ints(1)])])]),
        ]);
        bias = g.op('Add', [g.op('Unsqueeze', [table, g.ints(0)]), mask]);
      }
      const sum = g.op('Add', [value, attention(g, normed, w, bias)]);
      return g.op('Add', [sum, mlp(g, norm(g, sum, w), w)]);
    });
  });

/** Builds layers with attention and feed-forward part side by side, as in GPT-J. */
export const parallel = (count: number): Model =>
  model((g, x, mask, w) =>
    repeat(count, x, (value) => {
      const normed = norm(g, value, w);
      return g.op('Add', [g.op('Add', [attention(g, normed, w, mask), mlp(g, normed, w)]), value]);
    }),
  );

/** Builds encoder layers, and decoder layers that attend to their result. */
export const encoderDecoder = (encoder: number, decoder: number): Model =>
  model((g, x, mask, w) => {
    const memory = norm(g, layers(encoder)(g, x, mask, w), w);
    return repeat(decoder, g.op('Sin', [x]), (value) => {
      const own = g.op('Add', [value, attention(g, norm(g, value, w), w, mask)]);
      const both = g.op('Add', [own, attention(g, norm(g, own, w), w, undefined, memory)]);
      return g.op('Add', [both, mlp(g, norm(g, both, w), w)]);
    });
  });

/** Builds layers as in Marian: norms after each part, and a bias in every attention. Two thirds of a decoder's layer look like an encoder's. */
export const translator = (encoder: number, decoder: number): Model =>
  model((g, x, mask, w) => {
    const attend = (value: Value, memory = value): Value => {
      const heads = g.op('Div', [attention(g, value, w, mask, memory), g.constant('float32', 2, [])]);
      return norm(g, g.op('Add', [value, heads]), w);
    };
    const forward = (value: Value): Value => norm(g, g.op('Add', [value, mlp(g, value, w, 4 * WIDTH)]), w);
    const memory = repeat(encoder, x, (value) => forward(attend(value)));
    return repeat(decoder, g.op('Sin', [x]), (value) => forward(attend(attend(value), memory)));
  });

/** Builds an unrolled scan along the sequence: the first step reads a stored state, each other step the one before, and a Concat joins their results. */
export const unrolledScan = (count: number, steps: number): Model =>
  model((g, x, _, w) =>
    repeat(
      count,
      g.op('Gather', [g.op('Gather', [x, g.ints(...new Array(steps).keys())], { axis: 1 }), g.ints(0)]),
      (value) => {
        const inner = g.op('MatMul', [norm(g, value, w), w(WIDTH, 8)]);
        const u = silu(g, inner);
        const decay = g.op('Exp', [g.op('Mul', [g.op('Softplus', [linear(g, u, w, 8, 8)]), w(8)])]);
        const at = (all: Value, step: number) =>
          g.op('Unsqueeze', [g.op('Gather', [all, g.constant('int64', step, [])], { axis: 1 }), g.ints(2)]);
        let state = g.constant('float32', new Array(8 * 32).fill(0), [1, 8, 32]);
        const outputs = Array.from({ length: steps }, (_, step) => {
          state = g.op('Add', [g.op('Mul', [state, at(decay, step)]), at(u, step)]);
          return g.op('Unsqueeze', [g.op('ReduceMean', [state], { axes: [2], keepdims: 0 }), g.ints(1)]);
        });
        return g.op('Add', [value, g.op('MatMul', [g.op('Concat', outputs, { axis: 1 }), w(8, WIDTH)])]);
      },
    ),
  );

/** Builds layers with two masks: every `period`th layer reads one, the others read the other. */
export const alternating = (count: number, period: number): Model =>
  model((g, x, mask, w) => {
    const local = g.op('Where', [g.op('Greater', [mask, g.constant('float32', -4096, [])]), mask, g.op('Neg', [mask])]);
    return repeat(count, g.op('Tanh', [x]), (value, at) =>
      layer(g, value, at % period === period - 1 ? mask : local, w),
    );
  });

/** Builds joint blocks of two streams, then blocks of one stream, as in Flux. */
export const dualStream = (joint: number, single: number): Model =>
  model((g, x, _, w) => {
    let [image, text] = [linear(g, x, w), linear(g, g.op('Sin', [x]), w)];
    const modulated = (value: Value) => {
      const scale = linear(g, g.op('ReduceMean', [x], { axes: [1] }), w);
      return { normed: g.op('Mul', [norm(g, value, w), scale]), scale };
    };
    for (let at = 0; at < joint; at++) {
      const [a, b] = [modulated(image), modulated(text)];
      const heads = (value: Value) => [0, 1, 2].map(() => linear(g, value, w));
      const [own, its] = [heads(a.normed), heads(b.normed)];
      const [q, k, v] = own.map((part, i) => g.op('Concat', [its[i], part], { axis: 1 })) as [Value, Value, Value];
      const out = g.op('MatMul', [
        g.op('Softmax', [g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 2, 1] })])]),
        v,
      ]);
      const half = (value: Value, scale: Value, from: number, to: number) => {
        const part = linear(g, g.op('Slice', [out, g.ints(from), g.ints(to), g.ints(1)]), w);
        const sum = g.op('Add', [value, g.op('Mul', [part, scale])]);
        return g.op('Add', [sum, mlp(g, norm(g, sum, w), w)]);
      };
      [text, image] = [half(text, b.scale, 0, 4), half(image, a.scale, 4, 1 << 30)];
    }
    return repeat(single, g.op('Concat', [text, image], { axis: 1 }), (value) => {
      const { normed, scale } = modulated(value);
      const both = g.op('Concat', [attention(g, normed, w), g.op('Relu', [linear(g, normed, w, WIDTH, 8)])], {
        axis: 2,
      });
      return g.op('Add', [value, g.op('Mul', [linear(g, both, w, WIDTH + 8, WIDTH), scale])]);
    });
  });

/** Builds layers with a scale for each channel after both parts, as in CaiT and DINOv2. */
export const layerScale = (count: number): Model =>
  model((g, x, _, w) =>
    repeat(count, g.op('Concat', [w(1, 1, WIDTH), x], { axis: 1 }), (value) => {
      const sum = g.op('Add', [value, g.op('Mul', [attention(g, norm(g, value, w), w), w(WIDTH)])]);
      return g.op('Add', [sum, g.op('Mul', [mlp(g, norm(g, sum, w), w), w(WIDTH)])]);
    }),
  );

/** Builds layers of a gated convolution along the sequence and a scan by CumSum. */
export const mamba = (count: number): Model =>
  model((g, x, _, w) =>
    repeat(count, x, (value) => {
      const both = g.node(
        'Split',
        [g.op('MatMul', [norm(g, value, w), w(WIDTH, 16)]), g.ints(8, 8)],
        { axis: 2 },
        { outputs: 2 },
      );
      const [inner, gate] = both.outputs as [Value, Value];
      const across = (one: Value) => g.op('Transpose', [one], { perm: [0, 2, 1] });
      const mixed = across(g.op('Conv', [across(inner), w(8, 1, 3), w(8)], { group: 8, pads: [1, 1] }));
      const u = silu(g, mixed);
      const step = g.op('Softplus', [linear(g, u, w, 8, 8)]);
      const decay = g.op('Exp', [g.op('Mul', [step, w(8)])]);
      const state = g.op('CumSum', [g.op('Mul', [g.op('Mul', [step, u]), decay]), g.constant('int64', 1, [])]);
      const out = g.op('Mul', [g.op('Add', [g.op('Div', [state, decay]), g.op('Mul', [u, w(8)])]), silu(g, gate)]);
      return g.op('Add', [value, g.op('MatMul', [out, w(8, WIDTH)])]);
    }),
  );
