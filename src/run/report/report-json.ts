/** The report as text. */
import { jsonText } from '../../ir/text/shown-text.js';
import type { Report } from './report.js';

/** The report as JSON, what is said of each node and weight in a line of its own. Whatever JSON cannot hold becomes null. */
export const reportJson = (report: Report): string => `${fieldsOf(report, ['lineage', 'weights'], '')}\n`;

/** An object with a field a line, those of these names an entry a line. */
function fieldsOf(object: object, lists: readonly string[], indent: string): string {
  const inner = `${indent}  `;
  const text = (key: string, value: unknown): string => {
    if (lists.includes(key)) return linesOf(value as object, inner);
    if (key === 'graph' && indent === '')
      return `{${Object.entries(value as object).map(([side, one]) => `\n    "${side}": ${fieldsOf(one, ['nodes', 'values'], '    ')}`)}\n  }`;
    return jsonText(value).trimEnd().replaceAll('\n', `\n${inner}`);
  };
  const fields = Object.entries(object)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${inner}${line(key)}: ${text(key, value)}`);
  return `{\n${fields.join(',\n')}\n${indent}}`;
}

const line = (value: unknown): string => jsonText(value, 0).trimEnd();

/** A list or a record with an entry a line. */
function linesOf(list: object, indent: string): string {
  const isList = Array.isArray(list);
  const lines = isList ? list.map(line) : Object.entries(list).map(([key, value]) => `${line(key)}:${line(value)}`);
  const [open, close] = isList ? '[]' : '{}';
  return lines.length > 0 ? `${open}\n${lines.join(',\n')}\n${indent}${close}` : `${open}${close}`;
}
