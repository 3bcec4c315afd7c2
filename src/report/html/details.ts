/** The parts of a report about single nodes and weights. */
import type { Report } from '../../run/report/report.js';

export type SideInfo = NonNullable<Report['graph']>['before'];
export type GraphNodeInfo = SideInfo['nodes'][number];
export type LineageInfo = NonNullable<Report['lineage']>[number];
export type WeightInfo = NonNullable<Report['weights']>[number];
