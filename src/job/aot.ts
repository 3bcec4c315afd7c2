/** The result as the runtime's own optimizer leaves it: `out.aot-cpu.onnx` beside `out.onnx`. */
import type { ReadingFile } from '../disk/write-set.js';
import type { Model } from '../ir/model.js';
import { summarize } from '../ir/whole-model/summary.js';
import { modelFile } from '../onnx/write.js';
import type { Report } from '../run/report/report.js';
import type { Provider } from '../runtime/protocol.js';
import type { ValidateOptions } from '../validate/validation.js';

export const aotPathOf = (out: string, provider: string): string =>
  `${out.replace(/\.onnx$/, '')}.aot-${provider}.onnx`;

/** What the report says of it, and the file; it reads from temporary files, until it is closed. */
export interface AotResult {
  readonly findings: Pick<Report, 'gates'> & { readonly aot?: NonNullable<Report['aot']> };
  /** To be written in the set of the result; absent where the gate fails. */
  readonly file?: ReadingFile;
  close(): void;
}

/** Throws UsageError for a provider that nothing can be saved for on this machine. */
export const checkAot = async (provider: Provider): Promise<void> =>
  (await import('../validate/ahead-of-time.js')).checkAot(provider);

/** The weights go to a file of their own where those of the result do, or where one file would be long to read. */
const LARGE = 64 * 2 ** 20;

/** Has it made; where it cannot be had, or is not the result, the gate `aot` fails. */
export async function aotOf(
  result: Model,
  path: string,
  provider: Provider,
  options: ValidateOptions & { readonly externalData?: boolean },
): Promise<AotResult> {
  const { aheadOfTime } = await import('../validate/ahead-of-time.js');
  const found = await aheadOfTime(result, provider, options);
  if ('refused' in found)
    return {
      findings: { gates: [{ name: 'aot', passed: false, detail: `${found.refused}. Leave out --aot` }] },
      close: () => {},
    };
  const { model, report, close } = found;
  try {
    const externalData = options.externalData ?? summarize(model).bytes > LARGE;
    return {
      findings: { gates: [{ name: 'aot', passed: true, detail: `${report.detail}, against the result` }], aot: report },
      file: modelFile(model, path, { externalData }),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
