/** The forms of arithmetic that a model is run in, to see what it does here and what it does elsewhere. */
import type { Model } from '../../ir/model.js';
import type { Provider, RuntimeProcess, TensorData, Tensors } from '../../runtime/isolate.js';
import { emulated } from '../emulate/index.js';
import { runTensors } from './run-tensors.js';
import { type Subject, subjectOf } from './subject.js';

/**
 * plain: as the provider computes, the runtime's own optimizations off; optimized: with them, as users run it; emulated: on the CPU, every
 * value that the model computes in 16 bits really rounded to them and integer sums exact, as on hardware that this machine may not be.
 */
export type Form = 'plain' | 'optimized' | 'emulated';

export const formText: Readonly<Record<Form, string>> = {
  plain: "without the runtime's optimizations",
  optimized: "with the runtime's optimizations",
  emulated: 'in emulated arithmetic',
};

/** A model that is loaded in one form. */
export interface Side {
  /** Names of the inputs that it takes. */
  readonly inputs: readonly string[];
  /** What the form could not do, in words. */
  readonly notes: readonly string[];
  run(feeds: Tensors): Promise<Readonly<Record<string, TensorData>>>;
  release(): Promise<void>;
}

/** Loads a model in a form; undefined where the form computes nothing otherwise than the plain one. Rejects with RuntimeError. */
export async function sideOf(
  runtime: RuntimeProcess,
  subject: Subject,
  provider: Provider,
  form: Form,
): Promise<Side | undefined> {
  if (form === 'emulated') return emulatedSide(runtime, subject.model);
  const session = await runtime.load(subject.source, { provider, optimize: form === 'optimized' });
  return {
    inputs: session.inputs.map(({ name }) => name),
    notes: [],
    run: (feeds) => runTensors(session, feeds),
    release: () => session.release(),
  };
}

async function emulatedSide(runtime: RuntimeProcess, model: Model): Promise<Side | undefined> {
  const emulation = emulated(model);
  if (!emulation) return undefined;
  const subject = await subjectOf(emulation.model);
  try {
    const session = await runtime.load(subject.source, { provider: 'cpu' });
    return {
      inputs: session.inputs.map(({ name }) => name),
      notes: emulation.notes,
      run: async (feeds) => emulation.gives(await runTensors(session, emulation.takes(feeds))),
      release: () => session.release(),
    };
  } finally {
    subject.close();
  }
}
