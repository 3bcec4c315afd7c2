/** Explanations for a terminal: sites of one cause together, with the tree of the pattern on one of them. */
import { appendTo } from '../../ir/collections/lists.js';
import { shownText, withTexts } from '../../ir/text/shown-text.js';
import { type Traced, type TreePart, treeParts } from '../../run/report/details/trees.js';
import type { SiteResult } from '../../run/sites.js';
import { counted, paint } from '../style.js';
import { TREE_LEGEND, treeLines } from './tree.js';

/** What is drawn of a site. */
export interface ExplainedSite extends SiteResult {
  readonly pass: string;
  readonly because?: string;
  readonly trace?: Traced;
}

/** The sites grouped by kind, rule and reason; each group shows its first site's tree. */
export function explanationText(given: readonly ExplainedSite[], options: { readonly isColoured: boolean }): string {
  const sites = withTexts(given, shownText);
  if (sites.length === 0) return 'no site of any fusing pass\n';
  const colour = paint(options.isColoured);
  const groups = new Map<string, ExplainedSite[]>();
  for (const site of sites) {
    const key = [site.pass, site.kind, site.rule, site.reason].join('\n');
    appendTo(groups, key, site);
  }
  const lines = [...groups.values()].flatMap((group) => {
    const [site] = group as [ExplainedSite];
    const what = colour.bold(`${counted(group.length, `${site.kind} site`)}`);
    const how = site.fused ? colour.good(`fused by ${site.rule ?? site.pass}`) : colour.bad('not fused');
    const why = site.fused
      ? [...(site.because ? [`  ${site.because}`] : [])]
      : [
          `  ${site.reason ?? ''}`,
          ...(site.help ? [`  ${site.help}`] : []),
          ...(site.reached ? [colour.dim(`  after ${counted(site.matched ?? 0, 'node')}, at ${site.reached}`)] : []),
        ];
    const others = group.length > 1 ? ` and ${group.length - 1} more` : '';
    return [
      `${what}  ${how}  ${colour.dim(`(${site.pass})`)}`,
      ...why,
      colour.dim(`  ${site.at}${others}`),
      ...(site.trace ? treeLines(treeParts(site.trace), colour, '    ') : []),
      '',
    ];
  });
  if (sites.some(({ trace }) => trace && treeParts(trace).some(isPartly))) lines.push(colour.dim(TREE_LEGEND), '');
  return `${lines.join('\n')}`;
}

const isPartly = ({ mark }: TreePart): boolean => mark === 'partly';
