/** Where the bytes are, by part of the model and type, before and after; and in which types is computed. */
import { bytesText } from '../../../ir/text/quantities.js';
import { sharesText } from '../../words/coverage.js';
import { bytesOfParts, type TreemapPart, treemap, typeClass } from '../charts/treemap.js';
import type { DetailedReport, WeightInfo } from '../details.js';
import { html, type Markup, type MarkupPart } from '../markup.js';
import { about, missing, type PageSection, plainTable } from './section.js';

export function bytesSection(report: DetailedReport): PageSection {
  const weights = report.weights ?? [];
  const [before, after] = (['before', 'after'] as const).map((side) =>
    weights.length ? partsOf(weights, side) : typesOf(report.model[side].bytesByType),
  ) as [TreemapPart[], TreemapPart[]];
  const most = Math.max(bytesOfParts(before), bytesOfParts(after));
  return {
    id: 'bytes',
    title: 'Bytes',
    count: bytesText(report.model.after.bytes),
    body: [
      about(`Weights by ${weights.length ? 'block, coloured by type' : 'type'}; areas of both sides are to one scale.`),
      html`<div class="pair">${side('before', before, most)}${side('after', after, most)}</div>`,
      legend([...before, ...after].flatMap(({ types }) => Object.keys(types).filter((type) => types[type]))),
      weights.length === 0 &&
        missing('This report does not say in which blocks the bytes are.', 'One that --report writes does.'),
      coverage(report),
    ],
  };
}

function side(name: string, parts: readonly TreemapPart[], most: number): Markup {
  const largest = parts.slice(0, 6).map((part) => `${part.name} ${bytesText(bytesOfParts([part]))}`);
  return html`<figure><figcaption><b>${name}</b> ${bytesText(bytesOfParts(parts))}</figcaption>${treemap(parts, most, `Bytes ${name}: ${largest.join(', ')}`)}</figure>`;
}

const typesOf = (bytesByType: Readonly<Record<string, number>>): TreemapPart[] =>
  Object.entries(bytesByType).map(([name, bytes]) => ({ name, types: { [name]: bytes } }));

/** More parts than can be told apart are one. */
const MOST_PARTS = 120;

/** All repeats of a block are one part, and weights outside of blocks one each. */
function partsOf(weights: readonly WeightInfo[], side: 'before' | 'after'): TreemapPart[] {
  const parts = new Map<string, { repeats: Set<number>; types: Map<string, number> }>();
  for (const one of weights) {
    const name = one.block ?? one.name;
    const part = parts.get(name) ?? { repeats: new Set(), types: new Map() };
    parts.set(name, part);
    if (one.repeat !== undefined) part.repeats.add(one.repeat);
    const { type, bytes } = one[side];
    part.types.set(type, (part.types.get(type) ?? 0) + bytes);
  }
  const all = [...parts].map(([name, { repeats, types }]) => ({
    name: repeats.size > 1 ? `${repeats.size} × ${name}` : name,
    types: Object.fromEntries(types),
  }));
  const size = ({ types }: TreemapPart): number => Object.values(types).reduce((a, b) => a + b, 0);
  all.sort((a, b) => size(b) - size(a));
  const rest = new Map<string, number>();
  for (const { types } of all.slice(MOST_PARTS))
    for (const [type, bytes] of Object.entries(types)) rest.set(type, (rest.get(type) ?? 0) + bytes);
  const others = { name: `${all.length - MOST_PARTS} more`, types: Object.fromEntries(rest) };
  return [...all.slice(0, MOST_PARTS), ...(rest.size ? [others] : [])];
}

const legend = (types: readonly string[]): Markup => {
  const classes = new Map<string, string[]>();
  for (const type of new Set(types)) classes.set(typeClass(type), [...(classes.get(typeClass(type)) ?? []), type]);
  return html`<ul class="legend">${[...classes].map(([name, list]) => html`<li><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="${name}" width="10" height="10"/></svg> ${list.join(', ')}</li>`)}</ul>`;
};

function coverage({ coverage: found, model }: DetailedReport): MarkupPart {
  const title = html`<h3>Types</h3>`;
  const stored = ['stored', sharesText(model.before.bytesByType), sharesText(model.after.bytesByType)];
  if (!found) return [title, plainTable(['', 'before', 'after'], [stored])];
  const computed = ['computed', sharesText(found.computed.before), sharesText(found.computed.after)];
  const rows = found.left.map(({ type, bytes, reason, weights }) => [
    bytesText(bytes),
    type,
    reason,
    weights.length === 1 ? (weights[0]?.name ?? '') : `${weights.length}, e.g. ${weights[0]?.name ?? ''}`,
  ]);
  return [
    title,
    plainTable(['', 'before', 'after'], [stored, computed]),
    rows.length > 0 && [html`<h3>Left in float</h3>`, plainTable(['bytes', 'type', 'why', 'weights'], rows, '>')],
  ];
}
