/** The models of the day at the widths of published ones, depth cut (a ratio needs one block, not sixty), and what each is measured as. */

import { decoder } from '../../fixtures/decoder.js';
import { dit } from '../../fixtures/dit.js';
import { encoder } from '../../fixtures/encoder.js';
import type { Dims } from '../../fixtures/kinds.js';
import { unet } from '../../fixtures/unet.js';
import { vae } from '../../fixtures/vae.js';
import type { Model } from '../../src/ir/model.js';

export type Scale = 'full' | 'mini';

export interface Plan {
  readonly name: string;
  /** The published model whose widths these are. */
  readonly like: string;
  readonly dims: Dims;
  /** Sizes that the optimized models are made for. */
  readonly fixed?: Dims;
  readonly build: () => Model;
  /** Passes of each step, then after @ the environment of its process. */
  readonly steps: readonly string[];
  /** Whether passes that round are compared with the model before, in miniature. */
  readonly isProvenByPass?: true;
}

/** What it takes away from float32 to be called so. */
const NO_TF32 = 'NVIDIA_TF32_OVERRIDE=0';
const base = [`@${NO_TF32}`, '', 'exact', 'exact,fp16', 'half'];
const images = [...base, 'half,channels-last'];
const tokens = [...base, 'half,int8', 'half,int8@ORT_FPA_INTB_GEMM=1'];

/** In order of what is most worth knowing. `architecture`: of the card, as `--target cuda:sm90`. */
export function plansFor(scale: Scale): readonly Plan[] {
  const isFull = scale === 'full';
  const pick = <T>(full: T, mini: T): T => (isFull ? full : mini);
  const latents = pick({ batch: 2, height: 64, width: 64, text: 77 }, { batch: 1, height: 16, width: 16, text: 8 });
  const seed = 0;
  return [
    {
      name: 'dit',
      like: 'Flux: 3072 wide, heads of 128, 4096 image and 512 text tokens; two joint blocks',
      dims: pick({ batch: 1, height: 128, width: 128, text: 512 }, { batch: 1, height: 16, width: 16, text: 8 }),
      build: () =>
        dit(
          pick(
            { layers: 2, hidden: 3072, heads: 24, channels: 16, context: 4096, positions: 4096, seed },
            { layers: 1, hidden: 64, heads: 4, channels: 4, context: 48, positions: 64, seed },
          ),
        ),
      steps: [...base, pick('half,fp8', 'half,fp8:minElements=1024')],
    },
    {
      name: 'unet-sd',
      like: 'Stable Diffusion: 320, 640, 1280 channels, 64 × 64 latents, batch 2; one residual block a level',
      dims: latents,
      build: () =>
        unet(
          pick(
            { levels: [320, 640, 1280], blocks: 1, heads: 8, groups: 32, channels: 4, context: 768, seed },
            { levels: [32, 64], blocks: 1, heads: 4, groups: 8, channels: 4, context: 48, seed },
          ),
        ),
      steps: images,
    },
    {
      name: 'decoder',
      like: 'Llama: one step of generation behind 1023 positions, 2048 wide, 32 heads, 4 of keys; eight layers',
      dims: pick(
        { batch: 1, sequence: 1, past_sequence: 1023, total_sequence: 1024 },
        { batch: 2, sequence: 1, past_sequence: 15, total_sequence: 16 },
      ),
      fixed: pick<Dims>({ batch: 1, sequence: 1 }, { sequence: 1 }),
      build: () =>
        decoder(
          pick(
            { layers: 8, hidden: 2048, heads: 32, kvHeads: 4, intermediate: 5632, vocabulary: 32000, seed },
            { layers: 2, hidden: 64, heads: 4, kvHeads: 2, intermediate: 128, vocabulary: 512, seed },
          ),
        ),
      steps: tokens,
      isProvenByPass: true,
    },
    {
      name: 'encoder',
      like: 'BERT-base, batch 32 of 128',
      dims: pick({ batch: 32, sequence: 128 }, { batch: 2, sequence: 32 }),
      build: () =>
        encoder(
          pick(
            { layers: 12, hidden: 768, heads: 12, intermediate: 3072, vocabulary: 30522, positions: 512, seed },
            { layers: 2, hidden: 64, heads: 4, intermediate: 256, vocabulary: 512, positions: 64, seed },
          ),
        ),
      steps: tokens,
      isProvenByPass: true,
    },
    {
      name: 'vae',
      like: 'the decoder of Stable Diffusion: 128, 256, 512, 512 channels up to 512 × 512, one block a level',
      dims: pick({ batch: 1, height: 64, width: 64 }, { batch: 1, height: 8, width: 8 }),
      build: () =>
        vae(
          pick(
            { levels: [128, 256, 512, 512], groups: 32, channels: 4, seed },
            { levels: [32, 64], groups: 8, channels: 4, seed },
          ),
        ),
      steps: images,
    },
    {
      name: 'unet-sdxl',
      like: 'SDXL: the same channels, 128 × 128 latents, text of 2048; one transformer a block',
      dims: pick({ batch: 2, height: 128, width: 128, text: 77 }, latents),
      build: () =>
        unet(
          pick(
            { levels: [320, 640, 1280], blocks: 1, heads: 10, groups: 32, channels: 4, context: 2048, seed },
            { levels: [32, 64], blocks: 1, heads: 4, groups: 8, channels: 4, context: 64, seed },
          ),
        ),
      steps: images,
    },
  ];
}

/** A step in two: its passes, and the variables of the process that runs it. */
export function stepOf(text: string): { readonly passes: string; readonly env: Readonly<Record<string, string>> } {
  const [passes = '', variables = ''] = text.split('@');
  const pairs = variables.split(';').filter(Boolean);
  return { passes, env: Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string])) };
}

export const isFloat32 = (step: string): boolean => stepOf(step).passes === '';
/** The two baselines: as users have it, and without TF32. */
export const BASELINES = { tf32: '', float32: `@${NO_TF32}` } as const;
