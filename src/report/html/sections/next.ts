/** What to do next, ranked; and what came of what an earlier report advised. */

import { bytesText, msText } from '../../../ir/text/quantities.js';
import type { DetailedReport } from '../details.js';
import { html, type Markup, type MarkupPart } from '../markup.js';
import { type GradedOpportunity, type Grades, gradesOf } from '../next/grades.js';
import { opportunitiesOf } from '../next/opportunities.js';
import type { Opportunity } from '../next/opportunity.js';
import { about, command, missing, type PageSection, plainTable, sign, type Tone } from './section.js';

/** More are folded away, and those whose time is not known and that would save less than this share of the bytes, or nothing that is known by no command. */
const MOST_OPEN = 8;
const TRIFLE = 0.01;

export function nextSection(report: DetailedReport, earlier: DetailedReport | undefined): PageSection {
  const all = opportunitiesOf(report);
  return {
    id: 'next',
    title: 'Opportunities',
    count: String(all.length),
    body: [
      all.length
        ? [
            about(
              'What was not done, and what could be, ranked by estimated time and bytes. Times are those that the nodes take in the profile, bytes what narrower types would save: both at most.',
            ),
            opportunityList(all, report),
          ]
        : missing('Nothing was left: every site is fused, every node is where it should be.'),
      earlier && grades(gradesOf(report, earlier)),
    ],
  };
}

/** The first of them open, the rest folded. */
export function opportunityList(all: readonly Opportunity[], { model }: DetailedReport): MarkupPart {
  // A list of options is where to look, and no way yet.
  const isWay = (way: string | undefined): boolean => way !== undefined && !way.startsWith('optimize passes');
  const isTrifle = ({ ms, bytes, command: way }: Opportunity): boolean =>
    ms === undefined && (bytes === undefined ? !isWay(way) : bytes < TRIFLE * model.after.bytes);
  const open = all.filter((one) => !isTrifle(one)).slice(0, MOST_OPEN);
  const rest = all.filter((one) => !open.includes(one));
  return [
    open.length > 0 && html`<ol class="next">${open.map(itemMarkup)}</ol>`,
    rest.length > 0 &&
      html`<details class="plain"><summary>${rest.length} ${open.length ? 'more, ' : ''}of little or unknown gain</summary><ol class="next">${rest.map(itemMarkup)}</ol></details>`,
  ];
}

const itemMarkup = (
  one: Opportunity,
): Markup => html`<li data-find="${one.kind} ${one.title}"><div class="gain">${gain(one)}</div><div><h3>${one.title}</h3><p>${one.why}</p>${one.unknown && html`<p class="faint">Not estimated: ${one.unknown}</p>`}
${one.help && html`<p class="help">${one.help}</p>`}${one.command && command(one.command)}${places(one.places)}</div></li>`;

function gain({ ms, bytes }: Opportunity): MarkupPart {
  if (ms === undefined && bytes === undefined) return html`<span class="faint">not estimated</span>`;
  return [ms !== undefined && html`<b>${msText(ms)}</b>`, bytes !== undefined && html`<b>${bytesText(bytes)}</b>`];
}

const MOST_PLACES = 30;

const places = (names: readonly string[]): MarkupPart =>
  names.length > 0 &&
  html`<details class="plain"><summary>${names.length} place${names.length === 1 ? '' : 's'}</summary><p class="places">${names.slice(0, MOST_PLACES).map((name) => html`<code>${name}</code> `)}${names.length > MOST_PLACES && `and ${names.length - MOST_PLACES} more`}</p></details>`;

const tones: Readonly<Record<GradedOpportunity['grade'], Tone>> = { done: 'good', 'in part': 'warn', open: 'idle' };

function grades({ graded, bytes, ms }: Grades): MarkupPart {
  const change = [
    bytes === 0 ? 'the size is the same' : `${bytesText(Math.abs(bytes))} ${bytes > 0 ? 'less' : 'more'}`,
    ...(ms === undefined ? [] : [`a run takes ${msText(Math.abs(ms))} ${ms >= 0 ? 'less' : 'more'}`]),
  ];
  return [
    html`<h3>What came of the earlier report</h3>`,
    about(`Since then: ${change.join(', ')}.`),
    plainTable(
      ['', 'opportunity', 'estimated', 'left'],
      graded.map(({ earlier, grade, left }) => [
        html`${sign(tones[grade], grade)} ${grade}`,
        earlier.title,
        [
          earlier.ms === undefined ? '' : msText(earlier.ms),
          earlier.bytes === undefined ? '' : bytesText(earlier.bytes),
        ]
          .filter(Boolean)
          .join(', ') || '–',
        left ? `${left} of ${earlier.count}` : 'none',
      ]),
    ),
  ];
}
