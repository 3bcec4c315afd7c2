/** The passes in order: what each did to nodes and weights, what it cost, and what it left. */
import { maxOf } from '../../../ir/collections/lists.js';
import { bytesText, msText, numberText } from '../../../ir/text/quantities.js';
import type { PassReport, Report } from '../../../run/report/report.js';
import { signed } from '../../style.js';
import { rewritesText } from '../../text/passes.js';
import { tuningTexts } from '../../words/tuning.js';
import { changeBar, errorShare, shareBar } from '../charts/bars.js';
import { html, type Markup, type MarkupPart } from '../markup.js';
import { about, missing, type PageSection, sign, type Tone } from './section.js';

/** `prefix` tells the passes of several models apart. */
export function passesSection({ passes }: Report, prefix = ''): PageSection {
  const most = {
    nodes: maxOf(
      passes.flatMap(({ nodes }) => [nodes.before, nodes.after]),
      0,
    ),
    bytes: maxOf(
      passes.flatMap(({ bytes }) => [bytes.before, bytes.after]),
      0,
    ),
    ms: maxOf(
      passes.map(({ ms }) => ms),
      0,
    ),
  };
  return {
    id: 'passes',
    title: 'Passes',
    count: String(passes.length),
    body: passes.length
      ? [
          about(
            'In order. Bars show what is left and what went or came; the error of a pass is against the model before it, on a logarithmic scale.',
          ),
          html`<div class="passes"><div class="head" aria-hidden="true"><span>pass</span><span>nodes</span><span>weights</span><span>error</span><span>time</span></div>
${passes.map((pass, at) => row(pass, `${prefix}${at}`, most))}</div>`,
        ]
      : missing('No pass was asked for.'),
  };
}

const states: Readonly<Record<PassReport['status'], readonly [Tone, string]>> = {
  applied: ['good', 'applied'],
  unchanged: ['idle', 'unchanged'],
  'rolled back': ['bad', 'rolled back'],
};

function row(pass: PassReport, at: string, most: { nodes: number; bytes: number; ms: number }): Markup {
  const { name, status, nodes, bytes, error, takenBack } = pass;
  const [tone, word] = states[status];
  return html`<details id="pass-${at}"${status === 'rolled back' && html` class="undone"`} data-find="pass ${name}"><summary>
<span class="name">${sign(takenBack && tone === 'good' ? 'warn' : tone, word)} <b>${name}</b>${status !== 'applied' && html` <i>${word}</i>`}</span>
<span class="figure"><small>nodes</small> ${fromTo(String(nodes.before), String(nodes.after))}${changeBar(nodes.before, nodes.after, most.nodes)}</span>
<span class="figure"><small>weights</small> ${fromTo(bytesText(bytes.before), bytesText(bytes.after))}${changeBar(bytes.before, bytes.after, most.bytes)}</span>
<span class="figure"><small>error</small> ${error === undefined ? '–' : numberText(error ?? Number.POSITIVE_INFINITY)}${shareBar(error === undefined ? 0 : errorShare(error), 'error')}</span>
<span class="figure"><small>time</small> ${msText(pass.ms)}${shareBar(most.ms > 0 ? pass.ms / most.ms : 0, status === 'unchanged' ? 'faint' : 'time')}</span>
</summary><div class="detail">${detail(pass)}</div></details>`;
}

const fromTo = (before: string, after: string): string => (before === after ? after : `${before} → ${after}`);

function detail(pass: PassReport): MarkupPart {
  const { ops, notes, skips, sites = [], verdict, rewrites, takenBack, fidelity, ms, verifyMs, options } = pass;
  const fused = sites.filter((site) => site.fused).length;
  return [
    Object.keys(ops).length > 0 &&
      html`<p class="chips">${Object.entries(ops).map(([op, n]) => html`<span class="${n > 0 ? 'came' : 'went'}">${signed(n)} ${op.replace(/^com\.microsoft\./, '')}</span>`)}</p>`,
    html`<ul>${[
      `${fidelity}${optionsText(options)}; ${msText(ms)}${verifyMs === undefined ? '' : `, and ${msText(verifyMs)} to verify it`}`,
      verdict && `${verdict.outcome}: ${verdict.detail}`,
      takenBack && `taken back at ${takenBack.places.length} of ${takenBack.of} places: ${list(takenBack.places)}`,
      rewrites && rewritesText(rewrites),
      ...(rewrites?.refuted.slice(1) ?? []).map(({ rule, detail: text }) => `refuted: ${rule}, ${text}`),
      sites.length > 0 && `${fused} of ${sites.length} sites fused`,
      ...tally(notes.map(({ text }) => text)),
      ...tuningTexts(pass),
    ].map((text) => text && html`<li>${text}</li>`)}</ul>`,
    skips.length > 0 &&
      html`<h3>Left as it is</h3><ul>${skips.map(({ reason, count, places }) => html`<li>${count > 1 && `${count} × `}${reason}${places.length > 0 && html` <small>${list(places)}</small>`}</li>`)}</ul>`,
  ];
}

function optionsText(options: unknown): string {
  const all = Object.entries((options ?? {}) as Readonly<Record<string, unknown>>).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return all.length
    ? `; ${all.map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ')}`
    : '';
}

/** Equal texts once, with their number. */
function tally(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, n]) => (n > 1 ? `${text} (×${n})` : text));
}

/** More places are counted alone; the table of sites has all. */
const MOST_PLACES = 4;

const list = (places: readonly string[]): string =>
  `${places.slice(0, MOST_PLACES).join(', ')}${places.length > MOST_PLACES ? ` and ${places.length - MOST_PLACES} more` : ''}`;
