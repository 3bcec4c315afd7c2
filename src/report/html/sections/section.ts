/** The parts of the page, and what stands where there is nothing to show. */
import { html, type Markup, type MarkupPart } from '../markup.js';

export interface PageSection {
  readonly id: string;
  readonly title: string;
  /** Beside the title in the list of sections: how many there are, or the worst. */
  readonly count?: string;
  readonly body: MarkupPart;
}

export const sectionMarkup = ({ id, title, body }: PageSection): Markup => html`
<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>`;

/** What a section is about, or what was measured. */
export const about = (...text: MarkupPart[]): Markup => html`<p class="about">${text}</p>`;

/** What is not there, and how to get it. */
export const missing = (what: string, how?: MarkupPart): Markup =>
  html`<p class="missing">${what}${how && html` <span>${how}</span>`}</p>`;

/** A command, to be copied as it is shown. */
export const command = (text: string): Markup =>
  html`<span class="command"><code>${text}</code><button type="button" data-copy>Copy</button></span>`;

/** A sign that is read aloud as a word. */
export const sign = (tone: Tone, word: string): Markup =>
  html`<span class="sign ${tone}" role="img" aria-label="${word}">${signs[tone]}</span>`;

export type Tone = 'good' | 'bad' | 'warn' | 'idle';
const signs: Readonly<Record<Tone, string>> = { good: '✓', bad: '✗', warn: '!', idle: '·' };

/** A plain table; a column of numbers is aligned to the right by `>` at its place. */
export const plainTable = (
  titles: readonly MarkupPart[],
  rows: readonly (readonly MarkupPart[])[],
  align = '',
): Markup => html`<div class="scroll" tabindex="0" role="region" aria-label="table"><table>
<thead><tr>${titles.map((title, i) => html`<th scope="col"${align[i] === '>' && html` class="number"`}>${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td${align[i] === '>' && html` class="number"`}>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`;
