/** The passes, nodes or weights of a report as a table for other programs: RFC 4180, times in milliseconds, sizes in bytes. */
import { shellWord } from '../ir/text/shell-word.js';
import { UsageError } from '../ir/text/usage-error.js';
import { nodeDetails } from '../run/report/details/unpack.js';
import type { Report } from '../run/report/report.js';
import type { CsvTable } from './format-names.js';

type Cell = string | number | null | undefined;
/** A row by its titles. */
type Row = Readonly<Record<string, Cell>>;

/** One row a pass, a node of the result or a weight, below the titles. Throws UsageError where the report does not have them. */
export function reportCsv(report: Report, of: CsvTable = 'passes'): string {
  const rows = { passes: passRows, nodes: nodeRows, weights: weightRows }[of](report);
  const titles = Object.keys(rows[0] ?? {});
  return [titles, ...rows.map((row) => Object.values(row))]
    .map((cells) => `${cells.map(cellText).join(',')}\r\n`)
    .join('');
}

/** A text that a spreadsheet would take for a formula begins with an apostrophe: names are the model's. */
function cellText(cell: Cell): string {
  if (cell === undefined || cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const passRows = ({ passes }: Report): Row[] =>
  passes.map(({ name, status, fidelity, nodes, bytes, error, skips, ms, verifyMs }) => ({
    pass: name,
    status,
    fidelity,
    nodes_before: nodes.before,
    nodes_after: nodes.after,
    bytes_before: bytes.before,
    bytes_after: bytes.after,
    error,
    left_alone: skips.reduce((sum, { count }) => sum + count, 0),
    ms,
    verify_ms: verifyMs,
  }));

function nodeRows(report: Report): Row[] {
  const { graph, lineage = [] } = nodeDetails(report);
  if (!graph) throw missing('nodes', report);
  const { nodes, blocks } = graph.after;
  const sources = new Map(lineage.flatMap((one) => one.nodes.map((name) => [name, one] as const)));
  return nodes.map(({ name, op, scope, block, repeat, provider, state, cause, ms, multiplyAdds }) => {
    const source = sources.get(name);
    return {
      ...{ name, op, scope, block: block === undefined ? undefined : blocks[block]?.name, repeat },
      ...{ provider, state, cause, ms, multiply_adds: multiplyAdds },
      ...{ pass: source?.pass, rule: source?.rule, proof: source?.proof.how, error: source?.proof.error },
      from: source?.from.join(' '),
    };
  });
}

function weightRows(report: Report): Row[] {
  const { weights } = nodeDetails(report);
  if (!weights) throw missing('weights', report);
  return weights.map(({ name, block, repeat, before, after, pass, why }) => ({
    ...{ name, block, repeat, type_before: before.type, bytes_before: before.bytes },
    ...{ type_after: after.type, bytes_after: after.bytes, pass, why },
  }));
}

const missing = (of: CsvTable, { upgraded, input }: Report): UsageError =>
  new UsageError(
    `report: expected ${of}; found none. ${upgraded ? `${upgraded.text}. ` : ''}A run with --report out.json writes them (optimize(model, passes, { details: true }) in code): optimize ${shellWord(input ?? 'model.onnx')} --report report.json`,
  );
