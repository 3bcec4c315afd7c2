/** Makes several results of one file: it is read once, and the original runs once for all of them. */

import { z } from 'zod';
import { abortable } from '../abortable.js';
import { optionsIn } from '../ir/options/options.js';
import { ModelError, PassError } from '../ir/text/errors.js';
import { UsageError } from '../ir/text/usage-error.js';
import { failedGates, largestError } from '../run/outcome.js';
import { type Catalogue, parsePasses } from '../run/parse.js';
import type { Report } from '../run/report/report.js';
import type { VariantResult, Variants } from '../run/variants-schema.js';
import { catalogueWith } from '../settings/plugins.js';
import { refuseGates } from './checked-job.js';
import { checkDestinations, checkFolderPlace, makeFolder } from './destination.js';
import { optimizeFileBy } from './optimize-file.js';
import { type OptimizeFileOptions, optimizeFileSchema } from './options.js';
import { bytesOf, type ReadSource, readSource } from './source.js';
import { type Variant, variantsIn } from './variant-sets.js';

/** Options of a job that makes several results of one file. */
export interface VariantsOptions
  extends Omit<OptimizeFileOptions, 'out' | 'reportPath' | 'tracePath' | 'require' | 'onGate'> {
  /** The folder that the files go to. Default: `model.variants` beside `model.onnx`. */
  readonly out?: string;
}

const variantsOptions = z.object(
  optimizeFileSchema.omit({ reportPath: true, tracePath: true, require: true, onGate: true }).shape,
);

/**
 * Writes one file for each variant, `name=passes` or a named set as `transformers-js`, and verifies each like a single result. A variant is written where
 * every pass of it that changes numbers is in the result, and of a preset the first; of the others the reason is told. Throws UsageError for a variant that names no passes,
 * ModelError for a file that is no model.
 */
export async function optimizeVariants(
  input: string,
  variants: readonly string[],
  options: VariantsOptions = {},
): Promise<Variants> {
  const checked = optionsIn(variantsOptions, options, 'optimizeVariants') as VariantsOptions;
  return abortable(checked.signal, () => variantsBy(input, variants, checked));
}

async function variantsBy(input: string, asked: readonly string[], options: VariantsOptions): Promise<Variants> {
  const { basename, join } = await import('node:path');
  const stem = basename(input).replace(/\.onnx$/, '');
  const folder = options.out ?? `${input.replace(/\.onnx$/, '')}.variants`;
  const catalogue = await catalogueWith(options.plugins);
  const variants = variantsIn(asked);
  // A mistake shows before a large model is read.
  const required = variants.map(({ passes }) => namesakesIn(passes, catalogue));
  refuseGates(options);
  await checkFolderPlace(folder);
  const source = await readSource(input, options);
  await makeFolder(folder);
  const pathOf = ({ suffix }: Variant): string => join(folder, `${stem}${suffix}.onnx`);
  await checkDestinations(variants.map(pathOf));
  const inputBytes = await bytesOf(source.files);
  const made: VariantResult[] = [];
  for (const [i, variant] of variants.entries()) {
    const { name, passes } = variant;
    const settings: OptimizeFileOptions = {
      ...options,
      out: pathOf(variant),
      require: required[i],
      onGate: 'report',
      onProgress: (text, estimate) => options.onProgress?.(`${name}: ${text}`, estimate),
    };
    made.push({ name, passes, ...(await madeOf(input, passes, settings, source, inputBytes)) });
  }
  return { version: 1, input, inputBytes, folder, command: options.command, variants: made };
}

/**
 * The passes without which a variant is not what it is called: those of its list that change numbers, and of a preset the first. What a preset
 * does of the rest may find nothing left.
 */
const namesakesIn = (passes: string, catalogue: Catalogue): string[] =>
  passes.split(',').flatMap((text) => {
    const first = parsePasses(text, catalogue).find(({ definition }) => definition.fidelity !== 'exact');
    return first ? [first.definition.name] : [];
  });

/** One variant, verified and written; or why it was not. */
async function madeOf(
  input: string,
  passes: string,
  settings: OptimizeFileOptions,
  source: ReadSource,
  inputBytes: number,
): Promise<Omit<VariantResult, 'name' | 'passes'>> {
  try {
    return resultOf(await optimizeFileBy(input, passes, settings, source), inputBytes);
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof PassError || error instanceof UsageError)) throw error;
    return { reason: error.message };
  }
}

function resultOf(report: Report, inputBytes: number): Omit<VariantResult, 'name' | 'passes'> {
  const { output, speed } = report;
  if (!output) return { reason: failedGates(report).join('; '), report };
  const error = largestError(report);
  return {
    files: [...output.files],
    bytes: output.bytes,
    share: output.bytes / inputBytes,
    ...(error !== undefined && { error }),
    ...(speed && {
      ms: (speed.cpu?.times ?? { result: speed.run.result.median }).result,
      speed: { ratio: speed.ratio, ...speed.interval, significant: speed.significant },
    }),
    report,
  };
}
