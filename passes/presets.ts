/** Named pipelines, each as one would write it out. */
import { isHost } from '../src/ir/targets/targets.js';
import type { Preset } from '../src/run/parse.js';
import type { Pass } from '../src/run/pass.js';
import { SMALL_FILE } from './compact/compacted.js';
import { passes } from './index.js';

const {
  bf16,
  compact,
  fp16,
  fullGraph,
  fuseAct,
  fuseAttn,
  fuseCache,
  fuseNorm,
  fuseRope,
  int4,
  int8,
  simplify,
  tieWeights,
} = passes;

/** A preset whose passes are made when they are first read: their options are checked then. */
function preset(about: Omit<Preset, 'passes'>, make: () => readonly Pass[]): Preset {
  let made: readonly Pass[] | undefined;
  return {
    ...about,
    get passes() {
      made ??= make();
      return made;
    },
  };
}

/** Every fusion: what `explain` asks too. */
export const fuse = preset(
  {
    name: 'fuse',
    summary: 'Every fusion: rotary embeddings, attention, norms and activations as one kernel each.',
  },
  () => [fuseRope(), fuseAttn(), fuseNorm(), fuseAct()],
);

/** Of the file: a quarter, the scales, and what the names take. */
const QUARTER = 0.28;

const exact = preset(
  { name: 'exact', summary: 'Fewer nodes, and every fusion; numbers change by the order of sums only.' },
  () => [simplify(), ...fuse.passes],
);

/** Of a file of few numbers the rest is a part of what is promised. */
const small = (): Pass => compact({ above: SMALL_FILE });

const onGpu = (pass: Pass): Pass => ({ ...pass, serves: (target) => !isHost(target) });

/** Nothing leaves a GPU: before fusions, which make one kernel of what is taken apart, and of what they and narrow types left. */
const whole = (passes: readonly Pass[]): readonly Pass[] => [onGpu(fullGraph()), ...passes, onGpu(fullGraph())];

/** Every preset, in the order of what it gives up. */
export const presets: readonly Preset[] = [
  fuse,
  exact,
  preset(
    {
      name: 'half',
      share: 0.52,
      summary: 'The same, and weights of 16 bits: half the file.',
    },
    // What computes in float32 on a GPU is stored in 16 bits.
    () => [
      ...whole([
        tieWeights(),
        ...exact.passes,
        bf16({ float: 'auto' }),
        onGpu(fp16({ compute: false })),
        onGpu(fuseCache()),
      ]),
      small(),
    ],
  ),
  preset(
    {
      name: 'quarter',
      share: QUARTER,
      summary: 'The same as exact, and weights of 8 bits, the rest of 16: a quarter of the file.',
    },
    // Activations last: the runtime's integer products take the bias that BiasGelu would take from them (4 to 6 % of an encoder's time).
    () => [
      ...whole([
        tieWeights(),
        simplify(),
        fuseRope(),
        fuseAttn(),
        fuseNorm(),
        int8({ compute: 'auto', share: QUARTER }),
        fuseAct(),
        fp16({ compute: false }),
      ]),
      small(),
    ],
  ),
  preset(
    {
      name: 'eighth',
      share: 0.16,
      summary: 'The same as exact, and weights of 4 bits, the rest of 8 and 16: an eighth of the file, and the scales.',
    },
    // Weights where 4 bits break the gate get 8, and those where 8 do get 16.
    () => [
      ...whole([
        tieWeights(),
        simplify(),
        fuseRope(),
        fuseAttn(),
        fuseNorm(),
        int4({ block: 64 }),
        int8({ compute: false }),
        fuseAct(),
        fp16({ compute: false }),
      ]),
      small(),
    ],
  ),
];
