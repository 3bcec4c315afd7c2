/** Shows what a model is made of. */
import type { ModelView, Named } from '../messages.js';
import { byId, made, show } from './dom.js';

export function showModel({ name, facts, inputs, outputs, blocks, operators, faults }: ModelView): void {
  byId('model-name').textContent = name;
  byId('facts').replaceChildren(
    ...facts.map(([title, value, detail]) =>
      made(
        'li',
        {},
        made('div', {}, span('title', title), span('value', value), ...(detail ? [span('detail', detail)] : [])),
      ),
    ),
  );
  byId('inputs').replaceChildren(...rows(inputs));
  byId('outputs').replaceChildren(...rows(outputs));
  byId('blocks').replaceChildren(...rows(blocks));
  byId('operators').replaceChildren(
    ...operators.map(([op, count]) => made('li', { className: 'chip' }, op, span('', count))),
  );
  byId('faults').replaceChildren(...faults.map((text) => made('li', {}, span('sign warn', '!'), text)));
  show('faults', faults.length > 0);
  show('model');
}

const span = (className: string, text: string): HTMLElement => made('span', { className }, text);

const rows = (list: readonly Named[]): HTMLElement[] =>
  list.flatMap(([name, text]) => [made('dt', {}, name), made('dd', {}, text)]);
