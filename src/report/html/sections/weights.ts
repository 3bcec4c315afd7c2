/** The table of weights: what each is stored as, and why. */
import type { DetailedReport, WeightInfo } from '../details.js';
import type { PageBuilder } from '../page-builder.js';
import { about, missing, type PageSection } from './section.js';
import { tablePlace } from './tables.js';

export function weightsSection({ weights }: DetailedReport, page: PageBuilder): PageSection {
  const section = { id: 'weights', title: 'Weights' };
  if (!weights)
    return {
      ...section,
      body: missing('This report does not list the weights.', 'One that --report writes does.'),
    };
  const blockOf = ({ block, repeat }: WeightInfo): string =>
    block ? `${block}${repeat === undefined ? '' : ` ${repeat + 1}`}` : '';
  page.table(
    'weights',
    [
      { title: 'weight', kind: 'name', width: 3 },
      { title: 'was', kind: 'text', width: 0.8, filter: true, wide: true },
      { title: 'is', kind: 'text', width: 0.8, filter: true },
      { title: 'from', kind: 'bytes', width: 0.8, wide: true },
      { title: 'to', kind: 'bytes', width: 0.8 },
      { title: 'pass', kind: 'text', width: 0.8, filter: true, wide: true },
      { title: 'why', kind: 'text', width: 2.4, filter: true, wide: true },
    ],
    weights.map((one) => ({
      cells: [one.name, one.before.type, one.after.type, one.before.bytes, one.after.bytes, one.pass, one.why],
      details: [
        ['weight', one.name],
        ['block', blockOf(one)],
        ['stored as', `${one.before.type} → ${one.after.type}`],
        ['pass', one.pass],
        ['why', one.why],
      ],
    })),
  );
  return {
    ...section,
    count: String(weights.length),
    body: [about('What each weight is stored as, with its scales, and why.'), tablePlace('weights', 'weights')],
  };
}
