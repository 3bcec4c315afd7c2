/** Why a place is not fused, drawn. */
import type { Report } from '../../../run/report/report.js';
import { paint } from '../../style.js';
import { TREE_LEGEND, treeLines } from '../../text/tree.js';
import { explainCommand } from '../next/commands.js';

type Site = NonNullable<Report['passes'][number]['sites']>[number];

/** The tree of the pattern, or the command that draws it where the report has none; undefined for a place that is fused. */
export function treeText(report: Report, { fused, tree, at }: Site): string | undefined {
  if (fused) return undefined;
  const parts = tree === undefined ? undefined : report.details?.trees?.[tree];
  if (!parts) return `${explainCommand(report, at)} draws it`;
  const first = parts.find((part) => part.at !== undefined)?.at;
  const elsewhere = first !== undefined && !parts.some((part) => part.at === at);
  return [
    ...treeLines(parts, paint(false)),
    ...(elsewhere ? ['Nodes are those of another place, where the same was found.'] : []),
    TREE_LEGEND.replaceAll('  ', '\n'),
  ].join('\n');
}
