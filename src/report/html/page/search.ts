/** Finds passes, blocks, opportunities, and the rows of tables. */
import { html } from '../markup.js';
import { data, isTyping, reveal } from './data.js';
import { rowTitle, tableOf } from './tables.js';

interface Found {
  readonly title: string;
  readonly kind: string;
  go(): void;
}

const MOST = 40;
const field = document.getElementById('search') as HTMLInputElement;
const list = document.getElementById('results') as HTMLElement;
let found: Found[] = [];
let at = 0;

export function startSearch(): void {
  field.addEventListener('input', () => {
    at = 0;
    found = find(field.value.toLowerCase().split(/\s+/).filter(Boolean));
    draw();
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      at = Math.max(0, Math.min(found.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1)));
      draw();
    } else if (event.key === 'Enter') go(at);
    else if (event.key === 'Escape') {
      field.value = '';
      found = [];
      draw();
      field.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener('mousedown', (event) => {
    const row = (event.target as Element).closest<HTMLElement>('[data-at]');
    if (row) go(Number(row.dataset.at));
    event.preventDefault();
  });
  field.addEventListener('blur', () => show(false));
  field.addEventListener('focus', () => show(found.length > 0));
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || isTyping(event.target) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}

function find(words: readonly string[]): Found[] {
  if (words.length === 0) return [];
  const results: Found[] = [];
  const isFound = (text: string): boolean => words.every((word) => text.includes(word));
  for (const element of document.querySelectorAll<HTMLElement>('[data-find]')) {
    const text = element.dataset.find ?? '';
    if (!isFound(`${text} ${element.textContent}`.toLowerCase())) continue;
    const [kind = '', ...title] = text.split(' ');
    results.push({ title: title.join(' '), kind, go: () => goTo(element) });
  }
  for (const id of Object.keys(data.tables)) {
    const table = tableOf(id);
    for (let row = 0; table && row < table.rows.count && results.length < MOST; row++)
      if (isFound(table.rows.textAt(row)))
        results.push({ title: rowTitle(table.rows, row), kind: id.replace(/s$/, ''), go: () => table.reveal(row) });
  }
  return results.slice(0, MOST);
}

function goTo(element: HTMLElement): void {
  if (element instanceof HTMLDetailsElement) element.open = true;
  reveal(element);
  const target = element.querySelector<HTMLElement>('summary') ?? element;
  if (target === element) element.tabIndex = -1;
  target.focus({ preventScroll: true });
}

function go(to: number): void {
  const one = found[to];
  if (!one) return;
  show(false);
  one.go();
}

function draw(): void {
  list.innerHTML = found.length
    ? found
        .map(
          ({ title, kind }, i) =>
            html`<li role="option" id="found-${i}" data-at="${i}" aria-selected="${String(i === at)}"><small>${kind}</small> ${title}</li>`
              .text,
        )
        .join('')
    : html`<li class="none">nothing found</li>`.text;
  show(field.value.trim() !== '');
  field.setAttribute('aria-activedescendant', found.length ? `found-${at}` : '');
  list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
}

function show(isShown: boolean): void {
  list.hidden = !isShown;
  field.setAttribute('aria-expanded', String(isShown));
}
