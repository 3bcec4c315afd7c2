/** The panel beside the page: what is known of a row or a node. */
import { html } from '../markup.js';
import type { TextId } from '../page-data.js';
import { textOf } from './data.js';

const panel = document.getElementById('details') as HTMLElement;
let from: HTMLElement | SVGElement | undefined;

/** Names and texts in turn; the focus comes back to `opener`. */
export function showDetails(pairs: readonly TextId[], opener: HTMLElement | SVGElement): void {
  const rows = Array.from(
    { length: pairs.length / 2 },
    (_, i) => [textOf(pairs[2 * i]), textOf(pairs[2 * i + 1])] as const,
  );
  panel.innerHTML =
    html`<button type="button" class="close" aria-label="Close the details">Close <kbd>Esc</kbd></button>
<dl>${rows.map(([name, text]) => html`<dt>${name}</dt><dd${name === 'tree' && html` class="tree"`}>${text}</dd>`)}</dl>`.text;
  panel.querySelector('button')?.addEventListener('click', closeDetails);
  panel.hidden = false;
  panel.scrollTop = 0;
  document.body.classList.add('has-details');
  from = opener;
}

/** True where it was open. */
export function closeDetails(): boolean {
  if (panel.hidden) return false;
  panel.hidden = true;
  document.body.classList.remove('has-details');
  from?.focus();
  return true;
}
