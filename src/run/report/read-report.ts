/** Reads reports, also those of older versions. */
import { UsageError } from '../../ir/text/usage-error.js';
import { zodText } from '../options.js';
import { REPORT_VERSION, type Report, reportSchema } from './report.js';

/** The fields that version 2 added. */
const added = ['graph', 'lineage', 'errors', 'weights', 'profile', 'hashes', 'recipe'] as const;

/**
 * Reads a report from its JSON, as text or parsed. One of version 1 is given as version 2, and says under `upgraded` what it lacks. Throws UsageError
 * for what is no report, and for a report of a newer version.
 */
export function readReport(json: unknown): Report {
  const data = typeof json === 'string' ? parsed(json) : json;
  if (typeof data !== 'object' || data === null || Array.isArray(data) || !('version' in data))
    throw new UsageError('report: expected the JSON that --report writes; found no version in it');
  const { version } = data;
  if (typeof version === 'number' && version > REPORT_VERSION)
    throw new UsageError(
      `report: expected version ${REPORT_VERSION} or older; found version ${version}. A newer onnx-passes wrote it: update this one`,
    );
  if (version !== 1 && version !== REPORT_VERSION)
    throw new UsageError(`report: expected version 1 to ${REPORT_VERSION}; found ${JSON.stringify(version)}`);
  const checked = reportSchema.safeParse({ ...data, version: REPORT_VERSION, ...(version === 1 && upgradeOf(data)) });
  if (!checked.success) throw new UsageError(`report: ${zodText(checked.error, data)}`);
  return checked.data as Report;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`report: expected JSON; found ${(error as Error).message}`);
  }
}

function upgradeOf(data: object): Pick<Report, 'upgraded'> {
  const missing = added.filter((field) => !(field in data));
  return {
    upgraded: { from: 1, missing, text: `written by an older version; it has no ${missing.join(', ')}` },
  };
}
