/** The report as text. */
import { jsonText } from '../../ir/text/shown-text.js';
import type { Report } from './report.js';

/** The report as JSON: of its details a column, a text or a tree a line. Whatever JSON cannot hold becomes null. */
export const reportJson = (report: Report): string => `${objectText(report, '', false)}\n`;

/** An object with a field a line; `isDense`: with nothing below it broken into lines but objects, and lists of `listed`. */
function objectText(object: object, indent: string, isDense: boolean): string {
  const inner = `${indent}  `;
  const fields = Object.entries(object)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${inner}${line(key)}: ${valueText(key, value, inner, isDense)}`);
  return fields.length > 0 ? `{\n${fields.join(',\n')}\n${indent}}` : '{}';
}

/** Lists of which each entry has a line of its own. */
const listed = ['texts', 'trees', 'lineage'];

function valueText(key: string, value: unknown, indent: string, isDense: boolean): string {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isObject && (isDense || (key === 'details' && indent === '  '))) return objectText(value, indent, true);
  if (!isDense) return jsonText(value).trimEnd().replaceAll('\n', `\n${indent}`);
  if (!Array.isArray(value) || value.length === 0 || !listed.includes(key)) return line(value);
  return `[\n${value.map(line).join(',\n')}\n${indent}]`;
}

const line = (value: unknown): string => jsonText(value, 0).trimEnd();
