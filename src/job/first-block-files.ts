/** Writes a denoiser as probe and rest, which share their weights, and says what a seeded run with them skips and costs. */

import { contractOf } from '../contract/contract.js';
import { probeAndRest, stepPorts } from '../cut/probe-rest.js';
import { maxOf } from '../ir/collections/lists.js';
import { UsageError } from '../ir/text/usage-error.js';
import { writeSharing } from '../onnx/write.js';
import type { CutSettings } from './cut-files.js';
import { checkDestinations, checkFolderPlace, keepFiles, makeFolder } from './destination.js';
import { readSource } from './source.js';
import { runSteps, type StepRun } from './step-run.js';

export interface FirstBlockSettings extends CutSettings {
  /** The value that ends the first block. Default: by the repeated blocks. */
  readonly end?: string | undefined;
  readonly threshold?: number | undefined;
  readonly steps?: number | undefined;
  readonly seed?: number | undefined;
}

export interface FirstBlockReport {
  readonly version: 1;
  /** The streams that were cut: behind the first block, and behind the last. */
  readonly end: string;
  readonly last: string;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly seed: number;
  readonly steps: number;
  /** With threshold 0, where every step has to equal the original, and with the threshold asked for. */
  readonly runs: readonly StepRun[];
}

/** Relative L2 that the order of float32 sums may cost a step. */
const EXACT = 1e-4;

/** Throws UsageError where no first block is found, where the model has no latent to step along, and where the two models do not give what the original gives at each step. */
export async function writeFirstBlock(input: string, settings: FirstBlockSettings): Promise<FirstBlockReport> {
  const { join } = await import('node:path');
  const { out = `${input.replace(/\.onnx$/, '')}.steps`, end, threshold = 0.1, steps = 12, seed = 0 } = settings;
  if (!Number.isSafeInteger(steps) || steps < 2)
    throw new UsageError(`steps: expected a whole number of 2 or more; found ${steps}`);
  if (!(threshold >= 0)) throw new UsageError(`threshold: expected a number of at least 0; found ${threshold}`);
  await checkFolderPlace(out);
  const [probe, rest, contract] = ['probe.onnx', 'rest.onnx', 'steps.json'].map((name) => join(out, name)) as [
    string,
    string,
    string,
  ];
  const { original, files } = await readSource(input, settings);
  if (!settings.force) await keepFiles(files, [probe, rest, contract]);
  const parts = probeAndRest(original, end);
  const runs = await runSteps(original, parts.probe, parts.rest, { thresholds: [0, threshold], steps, seed });
  if (!runs)
    throw new UsageError(
      `first-block-cache: expected a denoiser, with a latent and a time step among its inputs; found ${original.graph.inputs.map(({ name }) => `"${name}"`).join(', ')}`,
    );
  const worst = maxOf(runs[0]?.drift ?? [], 0);
  if (!(worst <= EXACT))
    throw new UsageError(
      `first-block-cache: expected the parts to give what ${input} gives; found relative L2 ${worst} with nothing skipped`,
    );
  await makeFolder(out);
  await checkDestinations([probe, rest, contract]);
  const about = {
    version: 1 as const,
    end: parts.end,
    last: parts.last,
    seed,
    steps,
    runs,
  };
  const ports = { ports: stepPorts, probe: contractOf(parts.probe), rest: contractOf(parts.rest) };
  const written = await writeSharing(
    [
      { model: parts.probe, path: probe },
      { model: parts.rest, path: rest },
    ],
    [{ path: contract, text: `${JSON.stringify({ ...about, ...ports }, undefined, 2)}\n` }],
  );
  return { ...about, files: [probe, ...written.files, contract], bytes: written.bytes };
}
