/** Asks CUDA which attention kernels it takes for models. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Dims } from '../../fixtures/kinds.js';
import { withRuntime } from '../../src/runtime/child-process.js';
import { root } from '../usage.js';

export interface AttentionKernels {
  /** By operator, type and kernel: how many nodes, e.g. `MultiHeadAttention fp16 FLASH_ATTENTION`. */
  readonly counts: Readonly<Record<string, number>>;
  /** The runtime's message, where the model does not run. */
  readonly refused: string | undefined;
}

const script = join(root, 'bench/gpu/attention-kernels.mjs');

/** Of each model, in order; of none where the process ends before it. */
export function attentionKernels(
  models: readonly { readonly path: string; readonly dims: Dims }[],
  env: Readonly<Record<string, string>> = {},
  path = script,
): AttentionKernels[] {
  const { stdout } = spawnSync(process.execPath, [path], {
    input: models.map(({ path, dims }) => `${path}\t${JSON.stringify(dims)}\n`).join(''),
    env: withRuntime({ ...process.env, ...env, ORT_ENABLE_ATTENTION_KERNEL_DEBUG_INFO: '1' }),
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 1 << 26,
  });
  return stdout
    .split('@model\n')
    .slice(1)
    .map((said) => {
      const counts: Record<string, number> = {};
      for (const [, op, type, kernel] of said.matchAll(
        /Operator=(\w+)(?: Node=\S*)? DataType=(\w+) SdpaKernel=(\w+)/g,
      )) {
        const key = `${op} ${type} ${kernel}`;
        counts[key] = (counts[key] ?? 0) + 1;
      }
      return { counts, refused: /^@refused (.*)$/m.exec(said)?.[1] };
    });
}
