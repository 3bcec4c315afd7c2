/** The passes, in reading order: passes that simplify, that fuse, and that store numbers in fewer bits. */
import type { PassFactory } from '../src/run/pass.js';
import { bf16 } from './bf16.js';
import { channelsLast } from './channels-last.js';
import { compact } from './compact.js';
import { fit } from './fit.js';
import { flattenOutputs } from './flatten-outputs.js';
import { fp8 } from './fp8.js';
import { fp16 } from './fp16.js';
import { fp32 } from './fp32.js';
import { fullGraph } from './full-graph.js';
import { fuseAct } from './fuse-act.js';
import { fuseAttn } from './fuse-attn.js';
import { fuseCache } from './fuse-cache.js';
import { fuseNorm } from './fuse-norm.js';
import { fuseRope } from './fuse-rope.js';
import { inline } from './inline.js';
import { int4 } from './int4.js';
import { int8 } from './int8.js';
import { opset } from './opset.js';
import { outline } from './outline.js';
import { ports } from './ports.js';
import { regional } from './regional.js';
import { simplify } from './simplify.js';
import { staticKv } from './static-kv.js';
import { symbolicBatch } from './symbolic-batch.js';
import { tieWeights } from './tie-weights.js';

/** Every pass by its name in a program: `passes.fuseAttn({ …options })` is one to run. */
export const passes = {
  inline,
  regional,
  simplify,
  opset,
  symbolicBatch,
  ports,
  flattenOutputs,
  staticKv,
  fuseRope,
  fuseAttn,
  fuseNorm,
  fuseAct,
  fuseCache,
  fp32,
  bf16,
  fp16,
  int8,
  int4,
  fp8,
  fit,
  fullGraph,
  channelsLast,
  outline,
  tieWeights,
  compact,
};

export const catalogue: readonly PassFactory[] = Object.values(passes);
