/** The figures of the verdict: passes, size, speed, error, placement and nodes. */
import { isHost } from '../../../ir/targets/targets.js';
import { bytesText, numberText, percentText, ratioRangeText, ratioText } from '../../../ir/text/quantities.js';
import type { Report } from '../../../run/report/report.js';
import { placementText } from '../../words/placement.js';
import { changeText, outcomeOf, sizesOf, worstOutput } from '../facts.js';
import { html, type Markup, type MarkupPart } from '../markup.js';
import type { Tone } from './section.js';

interface Card {
  readonly title: string;
  readonly value: MarkupPart;
  readonly detail: MarkupPart;
  readonly tone?: Tone;
  readonly to: string;
}

export function cards(report: Report): Card[] {
  const { model, accuracy } = report;
  const { asked, done, takenBack } = outcomeOf(report);
  const idle = report.passes.filter(({ status }) => status === 'unchanged').length;
  const size = sizesOf(report);
  const worst = worstOutput(report);
  const limit = accuracy?.gate.maxError;
  return [
    {
      title: 'Passes',
      value: `${done.length} of ${asked.length}`,
      detail: takenBack.length
        ? `taken back: ${takenBack.map(({ pass }) => pass).join(', ')}`
        : idle
          ? `${idle} had nothing to do`
          : 'all that were asked for',
      tone: takenBack.length ? 'warn' : 'good',
      to: 'passes',
    },
    {
      title: size.what === 'file' ? 'Size of the file' : 'Weights',
      value: bytesText(size.after),
      detail: change(bytesText(size.before), bytesText(size.after), changeText(size.before, size.after)),
      to: 'bytes',
    },
    speedCard(report),
    {
      title: 'Worst error',
      value: worst ? numberText(worst.relativeL2 ?? Number.POSITIVE_INFINITY) : '–',
      detail: worst
        ? `relative L2 of ${worst.name}${typeof limit === 'number' ? `, at most ${numberText(limit)}` : ''}`
        : 'nothing was compared',
      tone: worst ? (accuracy?.verdict?.outcome === 'rejected' ? 'bad' : 'good') : 'warn',
      to: 'error',
    },
    placementCard(report),
    {
      title: 'Nodes',
      value: String(model.after.nodes),
      detail: change(
        String(model.before.nodes),
        String(model.after.nodes),
        changeText(model.before.nodes, model.after.nodes),
      ),
      to: 'structure',
    },
  ];
}

const change = (before: string, after: string, percent: string): string =>
  before === after ? 'as before' : `from ${before}${percent && `, ${percent}`}`;

function speedCard({ speed, notTimed }: Report): Card {
  const card = { title: 'Speed', to: 'benchmark' } as const;
  if (!speed) return { ...card, value: '–', detail: notTimed ?? 'not timed', tone: 'idle' };
  const { ratio, interval, significant, provider } = speed;
  const detail = `${ratioRangeText(interval)} on ${provider}`;
  if (!significant) return { ...card, value: ratioText(ratio), detail: `not significant ${detail}`, tone: 'idle' };
  return {
    ...card,
    value: ratioText(ratio),
    detail: `${ratio < 1 ? 'slower ' : 'faster '}${detail}`,
    tone: ratio < 1 ? 'bad' : 'good',
  };
}

function placementCard({ placement, target }: Report): Card {
  const card = { title: 'Placement', to: 'nodes' } as const;
  if (!placement && isHost(target))
    return { ...card, value: target, detail: 'every node runs on the CPU', tone: 'idle' };
  if (!placement) return { ...card, value: target, detail: 'not looked at', tone: 'idle' };
  const all = Object.values(placement.nodes).reduce((sum, n) => sum + n, 0);
  const away = Object.values(placement.fallbacks).reduce((sum, n) => sum + n, 0);
  const { text, isWhole } = placementText(placement);
  const value = isWhole ? 'whole' : all > away ? percentText(1 - away / all) : `${away} elsewhere`;
  return { ...card, value, detail: text, tone: isWhole ? 'good' : 'warn' };
}

export function cardMarkup({ title, value, detail, tone, to }: Card, isLink: boolean): Markup {
  const text = html`<span class="title">${title}</span><span class="value ${tone ?? ''}">${value}</span><span class="detail">${detail}</span>`;
  return isLink ? html`<li><a href="#${to}">${text}</a></li>` : html`<li><div>${text}</div></li>`;
}
