/** Defines the forms of arithmetic that a model is run in: as on this machine, and as on others. */
import type { Model } from '../../ir/model.js';
import { BROWSER, HOST } from '../../ir/targets/targets.js';
import type { LoadOptions, Provider, RuntimeProcess, TensorData, Tensors } from '../../runtime/isolate.js';
import { type Emulation, emulated, widened } from '../emulate/index.js';
import { type PreparedModel, prepareModel } from './prepared-model.js';
import { runTensors } from './run-tensors.js';

/**
 * plain: the provider's arithmetic, the runtime's own optimizations off; optimized: with them, as users run it;
 * emulated: on the CPU, with every value of 16-bit arithmetic really rounded and integer sums exact, as on hardware
 * that this machine may lack.
 */
export type Form = 'plain' | 'optimized' | 'emulated';

export const formText: Readonly<Record<Form, string>> = {
  plain: "without the runtime's optimizations",
  optimized: "with the runtime's optimizations",
  emulated: 'in emulated arithmetic',
};

/** A model that is loaded in one form. */
export interface LoadedModel {
  /** The names of its inputs. */
  readonly inputs: readonly string[];
  /** Limits of the form, in words. */
  readonly notes: readonly string[];
  run(feeds: Tensors): Promise<Readonly<Record<string, TensorData>>>;
  release(): Promise<void>;
  /** Releases it when another model is loaded: see `Session.park`. */
  park(): Promise<void>;
}

/** Loads a model in a form; undefined for the emulated one alone, where it computes as the plain one does. Rejects with RuntimeError. */
export async function loadInForm(
  runtime: RuntimeProcess,
  prepared: PreparedModel,
  provider: Provider,
  form: Exclude<Form, 'emulated'>,
): Promise<LoadedModel>;
export async function loadInForm(
  runtime: RuntimeProcess,
  prepared: PreparedModel,
  provider: Provider,
  form: Form,
): Promise<LoadedModel | undefined>;
export async function loadInForm(
  runtime: RuntimeProcess,
  prepared: PreparedModel,
  provider: Provider,
  form: Form,
): Promise<LoadedModel | undefined> {
  if (form === 'emulated') {
    const emulation = emulated(prepared.model);
    return emulation && loadAs(emulation, runtime, { provider: HOST });
  }
  const wide = await withoutFloat16(prepared.model, runtime, provider);
  if (wide) return loadAs(wide, runtime, { provider, optimize: form === 'optimized' });
  const session = await runtime.load(prepared.source, { provider, optimize: form === 'optimized' });
  return {
    inputs: session.inputs.map(({ name }) => name),
    notes: [],
    run: (feeds) => runTensors(session, feeds),
    release: () => session.release(),
    park: () => session.park(),
  };
}

/** The model for a browser whose shaders have no 16 bits, in float32; undefined where it runs as it is. */
export async function withoutFloat16(
  model: Model,
  runtime: RuntimeProcess,
  provider: Provider,
): Promise<Emulation | undefined> {
  const wide = provider === BROWSER ? widened(model) : undefined;
  if (!wide || (await runtime.adapter()).hasFloat16) return undefined;
  const note =
    'the browser ran float16 as float32, as its adapter has no shader-f16: the rounding was emulated on the CPU';
  return { ...wide, notes: [note] };
}

/** Loads an emulation, with the original's ports. */
export async function loadAs(
  emulation: Emulation,
  runtime: RuntimeProcess,
  options: LoadOptions,
): Promise<LoadedModel> {
  const prepared = await prepareModel(emulation.model);
  try {
    const session = await runtime.load(prepared.source, options);
    return {
      inputs: session.inputs.map(({ name }) => name),
      notes: emulation.notes,
      run: async (feeds) => emulation.gives(await runTensors(session, emulation.takes(feeds))),
      release: () => session.release(),
      park: () => session.release(),
    };
  } finally {
    prepared.close();
  }
}
