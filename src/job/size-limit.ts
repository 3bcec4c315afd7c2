/** The limits of a job that the pass `fit` has to hold: bytes of the file, of which a share is one of the input, and the error. */

import { sizeOf } from '../../passes/fit/size.js';
import { type FitOptions, fit } from '../../passes/fit.js';
import type { Model } from '../ir/model.js';
import { bytesText, percentText } from '../ir/text/quantities.js';
import { fileBytes } from '../onnx/write.js';
import type { Pass } from '../run/pass.js';
import type { Report } from '../run/report/report.js';

const isFit = ({ definition }: Pass): boolean => definition === fit.definition;

/** The passes, with a share of the input as bytes; the job's limit of error holds for `fit` where it has none of its own. */
export const withLimitsOf = (
  list: readonly Pass[],
  inputBytes: number,
  maxError: number | undefined,
): readonly Pass[] =>
  list.map((pass) => {
    if (!isFit(pass)) return pass;
    const own = pass.options as FitOptions;
    const maxSize = own.maxSize === undefined ? undefined : sizeOf(own.maxSize, inputBytes);
    return { ...pass, options: { ...own, maxSize, maxError: own.maxError ?? maxError } };
  });

/** The gate of the size that was asked for, with what `fit` said where it could not be had. */
export function sizeGate(
  list: readonly Pass[],
  model: Model,
  { passes }: Pick<Report, 'passes'>,
  inputBytes: number,
): Report['gates'] {
  const { maxSize } = (list.find(isFit)?.options ?? {}) as FitOptions;
  if (maxSize === undefined) return [];
  const [most, bytes] = [sizeOf(maxSize, inputBytes), fileBytes(model)];
  const passed = bytes <= most;
  const found = passes.find(({ name }) => name === fit.definition.name);
  const said =
    found?.verdict?.outcome === 'rejected'
      ? found.verdict.detail
      : found?.skips.find(({ places }) => places.length === 0)?.reason;
  const share = (n: number) => `${bytesText(Math.round(n))} (${percentText(n / inputBytes)} of the input)`;
  return [
    { name: 'size', passed, detail: `${share(bytes)}, at most ${share(most)}${passed || !said ? '' : `: ${said}`}` },
  ];
}
