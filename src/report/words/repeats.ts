/** The repeated blocks of a model that were compiled once, in words. */
import type { Report } from '../../run/report/report.js';

/** `24 × encoder layer (62 nodes): one was compiled for 21 of them`, and why not to the end, or not at all. */
export const repeatTexts = ({ repeats = [] }: Report): string[] =>
  repeats.map(({ block, count, nodes, once, reason }) => {
    const how = once > 0 ? `one was compiled for ${once} of them` : 'each was compiled by itself';
    const why = reason === undefined ? '' : once > 0 ? `, until ${reason}` : `: ${reason}`;
    return `${count} × ${block} (${nodes} nodes): ${how}${why}`;
  });
