/** Explanations for a terminal: sites of one cause together, with the tree of the pattern on one of them. */
import { appendTo } from '../ir/collections/lists.js';
import { shownText, withTexts } from '../ir/text/shown-text.js';
import type { SiteResult } from '../run/sites.js';
import { counted, paint } from './style.js';

/** A part of a rule's pattern, with the result of the match there. */
interface TracedPart {
  readonly text: string;
  readonly mark: keyof typeof marks;
  readonly at?: string;
  readonly reason?: string;
  readonly parts: readonly TracedPart[];
}

/** What is drawn of a site. */
export interface ExplainedSite extends SiteResult {
  readonly pass: string;
  readonly because?: string;
  readonly trace?: TracedPart;
}

const marks = { matched: '✓', partly: '~', failed: '✗', open: '·' } as const;
const LEGEND = '✓ as expected  ~ itself as expected, not all below it  ✗ where the match ended  · not reached';

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
  const tree = (trace: TracedPart, before: string, isLast: boolean, isRoot: boolean): string[] => {
    const mark = marks[trace.mark];
    const painted = trace.mark === 'matched' ? colour.good(mark) : trace.mark === 'failed' ? colour.bad(mark) : mark;
    const branch = isRoot ? '' : isLast ? '└ ' : '├ ';
    const at = trace.at ? colour.dim(`  ${trace.at}`) : '';
    const reason = trace.reason ? `  ${colour.bad(trace.reason)}` : '';
    const inner = isRoot ? before : before + (isLast ? '  ' : '│ ');
    return [
      `${before}${branch}${painted} ${trace.text}${at}${reason}`,
      ...trace.parts.flatMap((part, i) => tree(part, inner, i === trace.parts.length - 1, false)),
    ];
  };
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
      ...(site.trace ? tree(site.trace, '    ', true, true) : []),
      '',
    ];
  });
  if (sites.some(({ trace }) => trace && hasPartly(trace))) lines.push(colour.dim(LEGEND), '');
  return `${lines.join('\n')}`;
}

const hasPartly = ({ mark, parts }: TracedPart): boolean => mark === 'partly' || parts.some(hasPartly);
