/** The data in the page, and how it is shown. */
import { bytesText, countText, msText, numberText } from '../../../ir/text/quantities.js';
import type { PageColumn, PageData, TextId } from '../page-data.js';

export const data = JSON.parse(document.getElementById('data')?.textContent ?? '{}') as PageData;

export const textOf = (id: TextId | null | undefined): string => data.texts[id ?? -1] ?? '';

/** A cell as it is read. */
export function cellText({ kind }: PageColumn, value: number | null | undefined): string {
  if (kind === 'text' || kind === 'name') return textOf(value);
  if (value === null || value === undefined) return '';
  return kind === 'bytes'
    ? bytesText(value)
    : kind === 'ms'
      ? msText(value)
      : kind === 'error'
        ? numberText(value)
        : countText(value);
}

/** True where letters go into what has the focus. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;

/** Opens what an element is folded into, and brings it into sight. */
export function reveal(element: Element): void {
  for (let at: Element | null = element; at; at = at.parentElement)
    if (at instanceof HTMLDetailsElement) at.open = true;
  element.scrollIntoView({ block: 'center' });
}
