/** Reads reports, also those of older versions. */
import type { z } from 'zod';
import { visibleText } from '../../ir/text/shown-text.js';
import { UsageError } from '../../ir/text/usage-error.js';
import { zodText } from '../options.js';
import { packed } from './details/pack.js';
import { type NodeDetails, nodeDetailsSchema } from './details/readable.js';
import { nodeDetails } from './details/unpack.js';
import { REPORT_VERSION, type Report, reportSchema } from './report.js';

/** The fields that version 1 had not. */
const added = ['details', 'errors', 'profile', 'hashes', 'recipe'] as const;

/**
 * Reads a report from its JSON, as text or parsed. One of an older version is given as this one has it, and says under `upgraded` what it lacks. Throws
 * UsageError for what is no report, and for a report of a newer version.
 */
export function readReport(json: unknown): Report {
  const data = typeof json === 'string' ? parsed(json) : json;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw noReport('another value');
  if (!('version' in data) || !('passes' in data)) throw noReport(fieldsText(data));
  const { version } = data;
  if (typeof version === 'number' && version > REPORT_VERSION)
    throw new UsageError(
      `report: expected version ${REPORT_VERSION} or older; found version ${version}. A newer onnx-passes wrote it: update this one`,
    );
  if (version !== 1 && version !== 2 && version !== REPORT_VERSION)
    throw new UsageError(`report: expected version 1 to ${REPORT_VERSION}; found ${JSON.stringify(version)}`);
  const now = version === REPORT_VERSION ? data : { ...upgrade(data, version), version: REPORT_VERSION };
  const report = checked(reportSchema, now) as Report;
  // What stands in columns is whole where the same as objects is.
  checked(nodeDetailsSchema, nodeDetails(report));
  return report;
}

function checked<T>(schema: z.ZodType<T>, data: object): T {
  const result = schema.safeParse(data);
  if (!result.success) throw new UsageError(`report: ${zodText(result.error, data)}`);
  return result.data;
}

const noReport = (found: string): UsageError =>
  new UsageError(
    `report: expected the JSON that --report writes; found ${found}. optimize model.onnx --report report.json makes one`,
  );

/** Which JSON it is, by its first fields. */
function fieldsText(data: object): string {
  const fields = Object.keys(data);
  const first = fields.slice(0, 3).map((field) => JSON.stringify(visibleText(field)));
  return fields.length === 0
    ? 'an empty object'
    : `one with the fields ${first.join(', ')}${fields.length > 3 ? ', …' : ''}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`report: expected JSON; found ${(error as Error).message}`);
  }
}

/** A report of version 2 has the nodes and weights as objects, and no trees; one of version 1 has none of them. */
function upgrade(data: object, from: 1 | 2): object {
  const { graph, lineage, weights, ...rest } = data as Record<string, unknown>;
  const details =
    from === 2 ? packed(checked(nodeDetailsSchema, { graph, lineage, weights }) as NodeDetails) : undefined;
  const missing = from === 1 ? added.filter((field) => !(field in data)) : details ? ['details.trees'] : [];
  const text = `written by an older version; it has no ${missing.join(', ')}`;
  return {
    ...rest,
    ...(details && { details }),
    ...(missing.length > 0 && { upgraded: { from, missing, text } }),
  };
}
