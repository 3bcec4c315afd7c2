/** The tables of nodes and of sites. The page's script draws as many rows as are seen. */
import { msText } from '../../../ir/text/quantities.js';
import type { Report } from '../../../run/report/report.js';
import type { GraphChanges, SideName } from '../graph/changes.js';
import { treeText } from '../graph/tree.js';
import { html, type Markup } from '../markup.js';
import type { PageBuilder } from '../page-builder.js';
import { about, missing, type PageSection } from './section.js';

/** The place of a table that the script fills. */
export const tablePlace = (id: string, label: string): Markup =>
  html`<div class="grid" data-table="${id}" data-label="${label}"><noscript><p class="missing">This table needs scripts: the rows are in the report's JSON.</p></noscript></div>`;

export function nodesSection(changes: GraphChanges | undefined, page: PageBuilder): PageSection {
  const section = { id: 'nodes', title: 'Nodes' };
  if (!changes)
    return {
      ...section,
      body: missing('This report does not list the nodes.', 'One that --report writes does.'),
    };
  const rows = [
    ...changes.after.nodes.map((node) => ({ node, side: 'after' as SideName })),
    ...changes.before.nodes
      .filter((node) => changes.stateOf(node, 'before') === 'gone')
      .map((node) => ({ node, side: 'before' as SideName })),
  ];
  const hasTimes = rows.some(({ node }) => node.ms !== undefined);
  page.table(
    'nodes',
    [
      { title: 'node', kind: 'name', width: 4 },
      { title: 'operator', kind: 'text', width: 1.5, filter: true },
      { title: 'is', kind: 'text', width: 0.7, filter: true },
      { title: 'block', kind: 'text', width: 1.2, wide: true },
      { title: 'type', kind: 'text', width: 1.6, filter: true, wide: true },
      { title: 'runs on', kind: 'text', width: 1, filter: true, wide: true },
      ...(hasTimes ? [{ title: 'time', kind: 'ms', width: 0.8 } as const] : []),
      { title: 'why not', kind: 'text', width: 1.8, wide: true },
    ],
    rows.map(({ node, side }) => {
      const site = changes.siteOf(node);
      return {
        cells: [
          node.name,
          node.op.replace(/^com\.microsoft::/, ''),
          changes.stateOf(node, side),
          changes.blockOf(node, side),
          changes.typeOf(node.outputs[0] ?? '', side, node.scope),
          shortProvider(node.provider) ?? node.state,
          ...(hasTimes ? [node.ms] : []),
          node.cause ?? (site && !site.fused ? site.reason : undefined),
        ],
        details: changes.detailsOf(node, side),
      };
    }),
  );
  const { omitted } = changes.after;
  const profiled = changes.report.profile?.after;
  return {
    ...section,
    count: String(changes.after.nodes.length + (omitted?.nodes ?? 0)),
    body: [
      about('Those of the result, and those that are gone. A row opens with Enter; j and k go down and up.'),
      hasTimes &&
        profiled &&
        about(
          `Times are of one run under the profiler: ${msText(profiled.matched)} of ${msText(profiled.ms)} are with a node of the result, the rest with nodes that the runtime made.`,
        ),
      omitted && missing(`${omitted.nodes} nodes are not listed: ${omitted.reason}.`),
      tablePlace('nodes', 'nodes'),
    ],
  };
}

const shortProvider = (provider: string | undefined): string | undefined => provider?.replace(/ExecutionProvider$/, '');

/** Every place that a fusing pass is for. */
export function sitesSection(report: Report, page: PageBuilder): PageSection {
  const { passes } = report;
  const sites = passes.flatMap(({ name, sites: found = [] }) => found.map((site) => ({ ...site, pass: name })));
  const fused = sites.filter((site) => site.fused).length;
  if (sites.length > 0)
    page.table(
      'sites',
      [
        { title: 'at', kind: 'name', width: 4.5 },
        { title: 'kind', kind: 'text', width: 1, filter: true },
        { title: 'is', kind: 'text', width: 0.8, filter: true },
        { title: 'pass', kind: 'text', width: 0.8, filter: true, wide: true },
        { title: 'why not', kind: 'text', width: 3, filter: true, wide: true },
      ],
      sites.map((site) => {
        const { at, kind, fused: isFused, pass, rule, reason, reached, matched, help } = site;
        return {
          cells: [at, kind, isFused ? 'fused' : 'not fused', pass, reason],
          details: [
            ['at', at],
            ['kind', kind],
            ['pass', pass],
            ['rule', rule],
            ['why not', reason],
            ['matched', matched === undefined ? undefined : `${matched} nodes, up to ${reached ?? '?'}`],
            ['help', help],
            ['tree', treeText(report, site)],
          ],
        };
      }),
    );
  return {
    id: 'sites',
    title: 'Sites',
    ...(sites.length && { count: `${fused} of ${sites.length}` }),
    body: sites.length
      ? [about(`Places that a fusion is for: ${fused} of ${sites.length} are fused.`), tablePlace('sites', 'sites')]
      : passes.some(({ name }) => name.startsWith('fuse-'))
        ? missing('No place was found that the fusions of this run are for.')
        : missing(
            'No pass of this run fuses anything.',
            'The passes fuse-attn, fuse-norm, fuse-act and fuse-rope do; the preset exact has them.',
          ),
  };
}
