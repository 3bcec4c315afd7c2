/** The script of the page: draws what comes into sight, and answers keys. */
import { isTyping } from './data.js';
import { closeDetails } from './details.js';
import { drawGraph } from './graph.js';
import { startSearch } from './search.js';
import { tableOf } from './tables.js';
import { startTheme } from './theme.js';

startTheme();
startSearch();

/** Calls a function with each element when it first comes near. */
function whenNear(selector: string, draw: (element: HTMLElement) => void): void {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        draw(target as HTMLElement);
      }
    },
    { rootMargin: '400px' },
  );
  for (const element of document.querySelectorAll<HTMLElement>(selector)) observer.observe(element);
}

whenNear('[data-table]', ({ dataset }) => tableOf(dataset.table ?? ''));
whenNear('[data-graph]', drawGraph);
// A page that is printed shows what no one scrolled to; inside closed details nothing has a size to be drawn for.
addEventListener('beforeprint', () => {
  for (const { dataset } of shown('[data-table]')) tableOf(dataset.table ?? '')?.print(true);
  for (const place of shown('[data-graph]')) drawGraph(place);
});

function shown(selector: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(selector)].filter((one) => one.checkVisibility());
}

/** The section that is read is marked in the list. */
const links = new Map(
  [...document.querySelectorAll<HTMLAnchorElement>('nav a')].map((link) => [link.hash.slice(1), link]),
);
const reading = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries)
      if (isIntersecting)
        for (const [id, link] of links)
          id === target.id ? link.setAttribute('aria-current', 'true') : link.removeAttribute('aria-current');
  },
  { rootMargin: '-20% 0px -70% 0px' },
);
for (const section of document.querySelectorAll('main > section')) reading.observe(section);

document.addEventListener('click', async ({ target }) => {
  const button = (target as Element).closest<HTMLElement>('[data-copy]');
  if (!button) return;
  const code = button.parentElement?.querySelector('code');
  try {
    await navigator.clipboard.writeText(code?.textContent ?? '');
    button.textContent = 'Copied';
  } catch {
    // Where a page may not write to the clipboard, the text is selected.
    if (code) getSelection()?.selectAllChildren(code);
    button.textContent = 'Selected';
  }
  setTimeout(() => (button.textContent = 'Copy'), 1500);
});

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && closeDetails()) event.preventDefault();
  const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0;
  if (!step || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const stops = [...document.querySelectorAll<HTMLElement>('main summary, main .viewport')].filter((one) =>
    one.checkVisibility(),
  );
  const here = stops.indexOf(document.activeElement as HTMLElement);
  const next = stops[here < 0 ? (step > 0 ? 0 : stops.length - 1) : here + step];
  next?.focus();
  event.preventDefault();
});
