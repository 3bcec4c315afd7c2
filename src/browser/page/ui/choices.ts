/** The form: a preset or passes of one's own, the target, and whether to verify. */
import type { Named, Order, PageChoices } from '../messages.js';
import { byId, made, show } from './dom.js';

const OWN = 'own';
/** What the command runs where nothing is asked for. */
const DEFAULT = 'exact';

const form = byId<HTMLFormElement>('passes');
const own = byId<HTMLInputElement>('own-passes');

export function showChoices({ presets, passes, targets, hasRuntime, version }: PageChoices): void {
  byId('version').textContent = version;
  byId('presets').replaceChildren(
    ...presets.map(radio),
    radio([OWN, 'Passes of your own, in this order, with options as on the command line.']),
  );
  byId('catalogue-list').replaceChildren(
    ...passes.flatMap(([name, summary]) => [
      made('dt', {}, made('button', { type: 'button', onclick: () => add(name) }, name)),
      made('dd', {}, summary),
    ]),
  );
  byId('target').replaceChildren(...targets.map((name) => made('option', { value: name }, name)));
  show('verify', hasRuntime);
  show('no-runtime', !hasRuntime);
}

function radio([name, summary]: Named): HTMLElement {
  const input = made('input', { type: 'radio', name: 'preset', value: name, checked: name === DEFAULT });
  return made(
    'label',
    { className: 'choice' },
    input,
    made('span', {}, made('b', {}, name === OWN ? 'your own' : name), made('span', {}, summary)),
  );
}

function add(name: string): void {
  own.value = [...own.value.split(',').map((text) => text.trim()), name].filter(Boolean).join(',');
  own.focus();
}

const chosenPreset = (): string => String(new FormData(form).get('preset'));

/** Hears an order, and shows the field for passes only where it counts. */
export function whenOrdered(hear: (order: Order) => void): void {
  const follow = (): void => {
    own.required = chosenPreset() === OWN;
    show('own', own.required);
  };
  form.addEventListener('change', follow);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const preset = chosenPreset();
    hear({
      passes: preset === OWN ? own.value.trim() : preset,
      target: byId<HTMLSelectElement>('target').value,
      verified: !byId('verify').hidden && byId<HTMLInputElement>('verified').checked,
    });
  });
  follow();
}
