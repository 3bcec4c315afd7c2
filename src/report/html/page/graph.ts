/** Draws a graph when it comes into sight; its nodes open with a click or Enter. */
import { html, type Markup } from '../markup.js';
import type { GraphData, GraphNode } from '../page-data.js';
import { data, textOf } from './data.js';
import { showDetails } from './details.js';

const HEIGHT = 26;
/** A wide graph is drawn smaller, as far as it can be read. */
const SMALLEST = 0.75;

export function drawGraph(place: HTMLElement): void {
  const id = place.dataset.graph ?? '';
  if (place.firstElementChild || !Object.hasOwn(data.graphs, id)) return;
  const graph = data.graphs[id] as GraphData;
  if (graph.nodes.length === 0) {
    place.innerHTML = html`<p class="missing">Nothing is left of it here.</p>`.text;
    return;
  }
  const mark = `arrow-${id}`;
  const scale = Math.max(SMALLEST, Math.min(1, (place.clientWidth - 2) / graph.width));
  place.innerHTML =
    html`<svg viewBox="0 0 ${graph.width} ${graph.height}" width="${Math.round(graph.width * scale)}" height="${Math.round(graph.height * scale)}" role="group" aria-label="${place.dataset.label}">
<defs><marker id="${mark}" viewBox="0 0 6 6" refX="5.5" refY="3" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L6 3L0 6Z"/></marker></defs>
${graph.edges.map((points) => html`<path class="edge" d="${path(points)}" marker-end="url(#${mark})"/>`)}
${graph.nodes.map(node)}</svg>`.text;
  place.scrollLeft = middleOf(graph, place.clientHeight / scale) * scale - place.clientWidth / 2;
  const nodes = [...place.querySelectorAll<SVGGElement>('.node')];
  const open = (at: number): void => {
    const element = nodes[at];
    if (!element) return;
    for (const one of nodes) one.setAttribute('aria-pressed', String(one === element));
    showDetails(graph.nodes[at]?.details ?? [], element);
  };
  nodes.forEach((element, at) => {
    element.addEventListener('click', () => open(at));
    element.addEventListener('keydown', (event) => {
      const step = ['ArrowDown', 'ArrowRight', 'j'].includes(event.key)
        ? 1
        : ['ArrowUp', 'ArrowLeft', 'k'].includes(event.key)
          ? -1
          : 0;
      if (event.key === 'Enter' || event.key === ' ') open(at);
      else if (step) focusOn(nodes, at, at + step);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  });
}

/** The place across of what is seen first: pieces that nothing joins lie beside each other, and their middle may be empty. */
function middleOf({ nodes }: GraphData, height: number): number {
  const places = nodes.filter(({ y }) => y < height).map(({ x }) => x);
  return places.sort((a, b) => a - b)[places.length >> 1] ?? 0;
}

/** One node of a graph is reached by Tab, the others from it. */
function focusOn(nodes: readonly SVGGElement[], from: number, to: number): void {
  const next = nodes[to];
  if (!next) return;
  nodes[from]?.setAttribute('tabindex', '-1');
  next.setAttribute('tabindex', '0');
  next.focus();
}

const words = { kept: '', new: ', new', gone: ', gone', value: ', from outside' } as const;

const node = (
  { x, y, width, text, state }: GraphNode,
  at: number,
): Markup => html`<g class="node ${state}" role="button" tabindex="${at === 0 ? 0 : -1}" aria-pressed="false" aria-label="${textOf(text)}${words[state]}" transform="translate(${x - width / 2} ${y - HEIGHT / 2})">
<rect width="${width}" height="${HEIGHT}" rx="5"/><text x="${width / 2}" y="17" text-anchor="middle">${textOf(text)}</text>${state === 'gone' && html`<line x1="8" x2="${width - 8}" y1="13" y2="13"/>`}</g>`;

/** Straight lines with rounded corners. */
function path(points: readonly number[]): string {
  let text = `M${points[0]} ${points[1]}`;
  for (let i = 2; i + 3 < points.length; i += 2) {
    const [x, y, nextX, nextY] = points.slice(i, i + 4) as [number, number, number, number];
    text += `Q${x} ${y} ${(x + nextX) / 2} ${(y + nextY) / 2}`;
  }
  return `${text}L${points.at(-2)} ${points.at(-1)}`;
}
