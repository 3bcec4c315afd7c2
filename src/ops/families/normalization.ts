/** Normalizations: the shape stays; some also give statistics. */

import { axisOf } from '../../ir/dims/axes.js';
import type { Call, InferRule } from '../call.js';
import { axis, leastRank, sameDim } from '../demands.js';
import { bounding } from '../precision.js';
import type { Rows } from '../row.js';
import { like } from '../shapes.js';

const layerNormalization: InferRule = (call) => {
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

const batchNormalization: InferRule = (call) => {
  call.set(0, call.shape(0));
  const channels = (call: Call) => call.shape(1) ?? [call.dim(0, 1)];
  for (const index of [1, 2, 3, 4]) call.set(index, channels(call));
};

export const normalization: Rows = {
  BatchNormalization: { infer: batchNormalization, demands: sameDim(0, 1, 1, 0), precision: bounding },
  GroupNormalization: { infer: like(), precision: bounding, fuses: 'group norm' },
  InstanceNormalization: { infer: like(), demands: leastRank(0, 3), precision: { ...bounding, stays: 'statistics' } },
  LRN: { infer: like() },
  LayerNormalization: { infer: layerNormalization, demands: axis(-1), precision: bounding, fuses: 'layer norm' },
  LpNormalization: { infer: like(), precision: { ...bounding, stays: 'statistics' } },
  MeanVarianceNormalization: { infer: like(), precision: { stays: 'statistics' } },
  RMSNormalization: { infer: like(), precision: bounding, fuses: 'RMS norm' },
  SimplifiedLayerNormalization: { infer: layerNormalization, precision: bounding, fuses: 'RMS norm' },
  NegativeLogLikelihoodLoss: {
    infer: (call) => call.set(0, (call.string('reduction') ?? 'mean') === 'none' ? call.shape(1) : []),
  },
  SoftmaxCrossEntropyLoss: {
    infer: (call) => {
      call.set(0, (call.string('reduction') ?? 'mean') === 'none' ? call.shape(1) : []);
      call.set(1, call.shape(0));
    },
  },
};
