/** The page's worker: reads the model and optimizes it. It is the library for browsers, and asks for nothing but the page's own scripts. */
import { targets } from '../../ir/targets/targets.js';
import { shownText } from '../../ir/text/shown-text.js';
import { GIVE_DATA } from '../files.js';
import { passes, presets, version } from '../library.js';
import { readModel } from '../reading.js';
import type { Answer, Question } from './messages.js';
import { type OpenModel, optimized } from './optimized.js';
import { viewOf } from './view.js';

declare const self: {
  onmessage: (event: { readonly data: Question }) => void;
  postMessage(answer: Answer): void;
};
/** The address of onnxruntime-web beside this script; empty where the page was built without. */
declare const RUNTIME: string;

let open: OpenModel | undefined;
const tell = (answer: Answer): void => self.postMessage(answer);

async function read(question: Question & { kind: 'read' }): Promise<void> {
  open = undefined;
  const files = [question.model, ...question.data];
  const data = Object.fromEntries(question.data.map((file) => [file.name, file]));
  const model = await readModel(question.model, { data });
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const view = viewOf(model, question.model.name, bytes);
  open = { model, name: question.model.name, bytes };
  tell({ kind: 'read', view });
}

/** What an error says, and what to do on this page. */
function textOf(error: unknown): string {
  const { message, expected } = error as Error & { readonly expected?: string };
  const text = shownText(message || String(error));
  if (expected === GIVE_DATA) return `${text}. Here: choose the model together with its data files`;
  if (error instanceof RangeError && /alloc|length|memory/i.test(message))
    return `${text}. The model needs more memory than a browser gives a page; the command reads weights in pieces`;
  return text;
}

self.onmessage = ({ data: question }) => {
  const work = async () =>
    question.kind === 'read'
      ? read(question)
      : tell({ kind: 'result', result: await optimized(open, question, RUNTIME, tell) });
  work().catch((error) => tell({ kind: 'refused', about: question.kind, text: textOf(error) }));
};

tell({
  kind: 'ready',
  choices: {
    version,
    presets: presets.map(({ name, summary }) => [name, summary]),
    passes: Object.values(passes).map(({ definition: { name, summary } }) => [name, summary]),
    targets,
    hasRuntime: RUNTIME !== '',
  },
});
