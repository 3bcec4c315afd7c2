/** Bars: how much of a quantity there was, and how much there is. */
import { html, type Markup } from '../markup.js';

/** A number with few digits: places in a drawing need no more. */
export const place = (value: number): string => String(Math.round(value * 100) / 100);

/** What is left in full colour, what went or came beside it. All of `most` is the whole width. */
export function changeBar(before: number, after: number, most: number): Markup {
  const share = (n: number): number => (most > 0 ? (100 * n) / most : 0);
  const [low, high] = [Math.min(before, after), Math.max(before, after)].map(share) as [number, number];
  return html`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
<rect class="ground" width="100" height="6"/><rect class="rest" width="${place(low)}" height="6"/>
<rect class="${after < before ? 'went' : 'came'}" x="${place(low)}" width="${place(Math.max(high - low, before === after ? 0 : 0.8))}" height="6"/></svg>`;
}

/** One quantity of a whole; `tone` colours it. */
export const shareBar = (
  share: number,
  tone = '',
): Markup => html`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
<rect class="ground" width="100" height="6"/><rect class="rest ${tone}" width="${place(100 * Math.min(1, Math.max(share, 0)))}" height="6"/></svg>`;

/** The place of an error on a logarithmic scale: from a ten-millionth, which is float32's rounding, to 1. */
export const errorShare = (error: number | null): number =>
  error === null ? 1 : error <= 0 ? 0 : (Math.log10(error) + DECADES) / DECADES;

const DECADES = 7;
