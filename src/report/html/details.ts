/** A report with its nodes and weights as objects, as the sections of a page take it. */
import type { NodeDetails } from '../../run/report/details/readable.js';
import { nodeDetails } from '../../run/report/details/unpack.js';
import type { Report } from '../../run/report/report.js';

export type SideInfo = NonNullable<NodeDetails['graph']>['before'];
export type GraphNodeInfo = SideInfo['nodes'][number];
export type LineageInfo = NonNullable<NodeDetails['lineage']>[number];
export type WeightInfo = NonNullable<NodeDetails['weights']>[number];

export type DetailedReport = Report & NodeDetails;

export const withDetails = (report: Report): DetailedReport => ({ ...report, ...nodeDetails(report) });
