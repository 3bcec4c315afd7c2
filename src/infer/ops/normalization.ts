/** Normalizations: the shape stays; some also give statistics. */
import { axisOf, type Call, type Rule } from '../call.js';
import { like } from '../shapes.js';

const layerNormalization: Rule = (call) => {
  const shape = call.shape(0);
  call.set(0, shape);
  const axis = shape && axisOf(call.int('axis', -1), shape.length);
  if (!shape || axis === undefined) return;
  const statistics = shape.map((dim, at) => (at < axis ? dim : 1));
  // stash_type says in what the statistics are kept; float32 unless it says otherwise.
  const elem = call.int('stash_type', 1) === 1 ? 'float32' : undefined;
  call.set(1, statistics, elem);
  call.set(2, statistics, elem);
};

const batchNormalization: Rule = (call) => {
  call.set(0, call.shape(0));
  const channels = (call: Call) => call.shape(1) ?? [call.dim(0, 1)];
  for (const index of [1, 2, 3, 4]) call.set(index, channels(call));
};

export const normalization: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNormalization,
  GroupNormalization: like(),
  InstanceNormalization: like(),
  LRN: like(),
  LayerNormalization: layerNormalization,
  LpNormalization: like(),
  MeanVarianceNormalization: like(),
  RMSNormalization: like(),
  SimplifiedLayerNormalization: layerNormalization,
  NegativeLogLikelihoodLoss: (call) =>
    call.set(0, (call.string('reduction') ?? 'mean') === 'none' ? call.shape(1) : []),
  SoftmaxCrossEntropyLoss: (call) => {
    call.set(0, (call.string('reduction') ?? 'mean') === 'none' ? call.shape(1) : []);
    call.set(1, call.shape(0));
  },
};
