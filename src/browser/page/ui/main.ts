/** The page: chooses a model, shows it, orders passes, and shows the result. The work is done in a worker. */
import { startTheme } from '../../../report/html/page/theme.js';
import type { Answer, Order, Question } from '../messages.js';
import { showChoices, whenOrdered } from './choices.js';
import { type Chosen, chosenOf, whenChosen } from './chosen.js';
import { byId, show } from './dom.js';
import { showModel } from './model.js';
import { clearResult, showResult } from './result.js';

let chosen: Chosen | undefined;
let worker: Worker | undefined;

/**
 * Starts the worker from an address that the page makes: so it is bound by the page's policy, which lets neither send anything. Whoever works in it
 * ends with the one before.
 */
function startWorker(): void {
  worker?.terminate();
  const script = new URL(document.documentElement.dataset.worker ?? '', document.baseURI).href;
  const start = URL.createObjectURL(new Blob([`import ${JSON.stringify(script)};`], { type: 'text/javascript' }));
  worker = new Worker(start, { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<Answer>) => hear(data);
  worker.onerror = ({ message }) => {
    refuse(`the worker ended: ${message || 'its script could not be loaded'}. Load the page again`);
  };
}

const ask = (question: Question): void => worker?.postMessage(question);

/** What the page is doing: idle, or at work with a text. */
function work(text: string | undefined, share?: number): void {
  show('work', text !== undefined);
  byId('status').textContent = text ?? '';
  const bar = byId<HTMLProgressElement>('bar');
  if (share === undefined) bar.removeAttribute('value');
  else bar.value = share;
  byId<HTMLButtonElement>('start').disabled = text !== undefined;
}

function refuse(text: string): void {
  work(undefined);
  byId('fault').textContent = text;
  show('fault');
}

function hear(answer: Answer): void {
  if (answer.kind === 'progress') {
    work(answer.text, answer.share);
    return;
  }
  work(undefined);
  if (answer.kind === 'ready') {
    showChoices(answer.choices);
    if (chosen) readAgain();
  } else if (answer.kind === 'read') {
    showModel(answer.view);
    show('passes');
  } else if (answer.kind === 'result') {
    showResult(answer.result, chosen?.model.name ?? 'model');
  } else {
    if (answer.about === 'read') for (const id of ['model', 'passes']) show(id, false);
    refuse(answer.text);
  }
}

function readAgain(): void {
  if (!chosen) return;
  work(`reading ${chosen.model.name}`);
  ask({ kind: 'read', ...chosen });
}

function choose(files: readonly File[]): void {
  show('fault', false);
  const found = chosenOf(files, chosen);
  if (typeof found === 'string') {
    refuse(found);
    return;
  }
  chosen = found;
  clearResult();
  readAgain();
}

function order(given: Order): void {
  show('fault', false);
  clearResult();
  work('beginning', 0);
  ask({ kind: 'optimize', ...given });
}

startTheme();
whenChosen(byId<HTMLInputElement>('file'), byId('zone'), choose);
whenOrdered(order);
byId('stop').addEventListener('click', () => {
  work(undefined);
  startWorker();
});
startWorker();
