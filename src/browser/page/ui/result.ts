/** Shows a result: what came of it, its files, and the report in a frame of its own. */
import { bytesText } from '../../../ir/text/quantities.js';
import type { Result } from '../messages.js';
import { byId, made, show } from './dom.js';

const signs = { done: ['✓', 'good'], partly: ['!', 'warn'], failed: ['✗', 'bad'] } as const;
const titles = {
  done: 'Done',
  partly: 'Done in part',
  failed: 'A gate failed: there is no file',
} as const;

/** Addresses of what is shown, until something else is. */
let addresses: string[] = [];

function addressOf(blob: Blob): string {
  const address = URL.createObjectURL(blob);
  addresses.push(address);
  return address;
}

export function showResult({ files, state, lines, html, json }: Result, name: string): void {
  clearResult();
  const [sign, className] = signs[state];
  byId('result-title').replaceChildren(made('span', { className: `sign ${className}` }, sign), ` ${titles[state]}`);
  byId('lines').replaceChildren(...lines.map((text) => made('li', {}, text)));
  const report = new Blob([html], { type: 'text/html' });
  const reports = [
    { name: `${name}.report.html`, blob: report },
    { name: `${name}.report.json`, blob: new Blob([json], { type: 'application/json' }) },
  ];
  byId('files').replaceChildren(
    ...[...files, ...reports].map((file, at) =>
      made('a', {
        download: file.name,
        href: addressOf(file.blob),
        className: at < files.length ? 'button main' : 'button',
        textContent: `${file.name} (${bytesText(file.blob.size)})`,
      }),
    ),
  );
  byId<HTMLIFrameElement>('report').src = addressOf(report);
  show('result');
  byId('result-title').focus();
}

export function clearResult(): void {
  show('result', false);
  byId<HTMLIFrameElement>('report').removeAttribute('src');
  for (const address of addresses) URL.revokeObjectURL(address);
  addresses = [];
}
