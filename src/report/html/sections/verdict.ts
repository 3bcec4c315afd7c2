/** The first thing that is read: what was asked for, what was done, and what it is worth. */
import type { Report } from '../../../run/report/report.js';
import { isNoProof, isOpenGate } from '../../words/accuracy.js';
import { errorSource } from '../../words/error-source.js';
import { outcomeOf } from '../facts.js';
import { html, type Markup, type MarkupPart } from '../markup.js';
import { cardMarkup, cards } from './cards.js';
import { type PageSection, sign, type Tone } from './section.js';

export const verdictSection = (report: Report): PageSection => ({
  id: 'verdict',
  title: 'Verdict',
  body: [html`<p class="headline ${toneOf(report)}">${headline(report)}</p>`, sourceLine(report), verdictCards(report)],
});

/** Which block costs the accuracy. */
function sourceLine(report: Report): MarkupPart {
  const source = errorSource(report);
  return source && html`<p class="source"><a href="#error">${source}</a></p>`;
}

/** The figures, the gates, and what is to be known. A figure leads to its section, where there is one. */
export const verdictCards = (report: Report, hasSections = true): MarkupPart => [
  html`<ul class="cards">${cards(report).map((card) => cardMarkup(card, hasSections))}</ul>`,
  gates(report),
  warnings(report),
];

function toneOf(report: Report): Tone {
  if (report.output === undefined && report.gates.some(({ passed }) => !passed)) return 'bad';
  return outcomeOf(report).takenBack.length || unprovenText(report) ? 'warn' : 'good';
}

/** Why a result that was written is not proven, after a comma. */
function unprovenText({ verification, accuracy, gates: all }: Report): string {
  if (all.some(isNoProof)) return ', not proven: nothing could be compared';
  return verification.level === 'none' && !accuracy ? ', not verified: nothing was run' : '';
}

function headline(report: Report): string {
  const { output, gates: all } = report;
  const failed = all.filter(({ passed }) => !passed).map(({ name }) => name);
  if (failed.length && !output)
    return `Nothing was written: the ${failed.join(' and ')} gate${failed.length > 1 ? 's' : ''} failed.`;
  const back = outcomeOf(report).takenBack.length;
  const written = output ? `${output.files[0]} was written` : 'Every gate holds; the model was not written to a file';
  return `${written}${back ? `, without ${back} of the passes` : ''}${unprovenText(report)}.`;
}

const gates = ({ gates: all, accuracy }: Report): Markup =>
  html`<ul class="gates" aria-label="gates">${all.map((gate) => {
    const [tone, word]: [Tone, string] = isOpenGate(gate, accuracy)
      ? ['warn', 'open']
      : gate.passed
        ? ['good', 'passed']
        : ['bad', 'failed'];
    return html`<li>${sign(tone, word)} <b>${gate.name}</b> ${gate.detail}</li>`;
  })}</ul>`;

/** So many of the inputs for which the result does not hold stand here; all stand with the errors. */
const SHOWN = 3;

function warnings(report: Report): MarkupPart {
  const { cpus, cuts = [], verification, accuracy } = report;
  const broken = accuracy?.warnings ?? [];
  const { takenBack } = outcomeOf(report);
  const texts = [
    ...takenBack.map(({ pass, reason }) => `${pass} was taken back: ${reason}`),
    ...(report.warnings ?? []).map(({ text }) => text),
    ...(cpus?.exact === false ? [cpus.text] : []),
    ...(cuts.length ? [`left out for lack of time (--time-budget): ${cuts.join('; ')}`] : []),
    ...broken.slice(0, SHOWN),
    ...(broken.length > SHOWN ? [`${broken.length - SHOWN} more of this kind stand under Error`] : []),
    ...(verification.verdict?.outcome === 'unknown' ? [`not verified: ${verification.verdict.detail}`] : []),
  ];
  return (
    texts.length > 0 &&
    html`<ul class="warnings">${texts.map((text) => html`<li>${sign('warn', 'warning')} ${text}</li>`)}</ul>`
  );
}
