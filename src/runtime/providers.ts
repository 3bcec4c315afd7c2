/** Finds the providers that work on this machine: runs a tiny model on each, in a process of its own. */
import { execFile } from 'node:child_process';
import { buildModel } from '../ir/build.js';
import {
  accelerators,
  BROWSER,
  HOST,
  isHost,
  providerOf,
  type Target,
  type TargetChoice,
  targetRunBy,
} from '../ir/targets/targets.js';
import { numbersOf, tensorOf } from '../ir/tensors/numbers.js';
import { UsageError } from '../ir/text/usage-error.js';
import { writeModel } from '../onnx/write.js';
import { endsWithThis } from './child-process.js';
import { type Device, webgpuDevice } from './device.js';
import { type Provider, RuntimeProcess } from './isolate.js';
import { currentJob } from './job.js';
import { fromTensorData, toTensorData } from './tensor-data.js';

/** What a trial of one provider of the installed runtime showed. */
export interface ProviderProbe {
  readonly provider: Provider;
  /** True if a model ran on it and gave the right numbers. */
  readonly works: boolean;
  /** True if it took the nodes of a model, whatever numbers it gave: where nodes run can be measured on it. */
  readonly places: boolean;
  /** The reason that it does not work; empty where it does. */
  readonly reason: string;
  /** The device, where it is known. */
  readonly device?: string;
  /** True where the CPU does the work of a GPU; undefined where that is unknown. */
  readonly isSoftware?: boolean;
}

/** Milliseconds of the probe. The first use of a GPU compiles shaders; more than this is a hang. */
const LIMIT = 60_000;

/** x·w + x·w, which every provider has kernels for. */
const probeModel = () =>
  buildModel({ '': 17 }, (g) => {
    const product = g.op('MatMul', [g.input('x', 'float32', [2, 2]), g.constant('float32', [1, 2, 3, 4], [2, 2])]);
    g.output('y', g.op('Add', [product, product]), 'float32', [2, 2]);
  });

const expected = [2, 4, 6, 8];

/** Tries one provider in a process of its own. A crash or a refusal becomes the reason, never an error. */
export async function probeProvider(
  provider: Provider,
  env?: Readonly<Record<string, string>>,
): Promise<ProviderProbe> {
  const runtime = await RuntimeProcess.start({ timeoutMs: LIMIT, env });
  try {
    return await probeIn(runtime, provider);
  } finally {
    await runtime.close();
  }
}

async function probeIn(runtime: RuntimeProcess, provider: Provider): Promise<ProviderProbe> {
  try {
    const session = await runtime.load(await writeModel(probeModel()), { provider, noFallback: !isHost(provider) });
    const { outputs } = await session.run({ x: toTensorData(tensorOf('float32', [1, 0, 0, 1], [2, 2])) });
    const found = outputs.y ? [...numbersOf(fromTensorData(outputs.y))] : [];
    const works = found.length === expected.length && expected.every((value, i) => Math.abs(value - found[i]!) < 0.05);
    const device = await deviceOf(provider, runtime);
    return {
      provider,
      works,
      places: true,
      reason: works ? '' : `takes nodes, but gives wrong numbers: expected ${expected}; found ${found}`,
      ...(device && { device: device.name, isSoftware: device.isSoftware }),
    };
  } catch (error) {
    // An aborted probe proves nothing about the provider.
    currentJob()?.signal.throwIfAborted();
    return { provider, works: false, places: false, reason: (error as Error).message };
  }
}

/** Tries every provider, in the reverse of the order in which `auto` prefers them: those that need no GPU first. The browser comes last. */
export async function probeProviders(): Promise<ProviderProbe[]> {
  const probes: ProviderProbe[] = [];
  for (const provider of [...[...accelerators, HOST].reverse(), BROWSER] as const)
    probes.push(await probeProvider(provider));
  return probes;
}

/** What each accelerator runs on. */
const devices: Readonly<Record<Exclude<Provider, typeof HOST>, (runtime: RuntimeProcess) => Promise<Device>>> = {
  cuda: async () => ({ name: 'a CUDA GPU', isSoftware: false }),
  webgpu: async (runtime) => webgpuDevice(await runtime.open()),
  web: (runtime) => runtime.adapter(),
};

async function deviceOf(provider: Provider, runtime: RuntimeProcess): Promise<Device | undefined> {
  if (isHost(provider)) return undefined;
  const device = await devices[provider](runtime);
  if (device.isSoftware !== false || !/NVIDIA|CUDA/.test(device.name)) return device;
  return { ...device, name: (await nvidiaNames()) ?? device.name };
}

/** The names of the NVIDIA GPUs, by their driver. */
async function nvidiaNames(): Promise<string | undefined> {
  try {
    const query = ['--query-gpu=name', '--format=csv,noheader'];
    const stdout = await new Promise<string>((resolve, reject) =>
      endsWithThis(() =>
        execFile('nvidia-smi', query, { timeout: 10_000 }, (error, text) => (error ? reject(error) : resolve(text))),
      ),
    );
    return stdout.trim().split('\n').join(', ') || undefined;
  } catch {
    // The tool is not installed everywhere; the provider works without it.
    return undefined;
  }
}

const tried = new Map<Provider, ProviderProbe>();

/** The probe of a provider, done once. */
async function probed(provider: Provider): Promise<ProviderProbe> {
  const known = tried.get(provider) ?? (await probeProvider(provider));
  tried.set(provider, known);
  return known;
}

/** What a provider runs on, in words; empty where that is not known. */
export const deviceText = async (provider: Provider): Promise<string> => (await probed(provider)).device ?? '';

/** `auto`: the first accelerator that works on real hardware (cuda, then webgpu), else the CPU. Any other target is itself. */
export async function resolveTarget(target: TargetChoice): Promise<Target>;
export async function resolveTarget(target: TargetChoice | Provider): Promise<Provider>;
export async function resolveTarget(target: TargetChoice | Provider): Promise<Provider> {
  if (target === BROWSER) return target;
  if (target !== 'auto') return providerOf(target);
  let runtime: RuntimeProcess | undefined;
  try {
    for (const accelerator of accelerators) {
      const known = tried.get(accelerator);
      if (!known) runtime ??= await RuntimeProcess.start({ timeoutMs: LIMIT });
      const probe = known ?? (await probeIn(runtime as RuntimeProcess, accelerator));
      tried.set(accelerator, probe);
      if (probe.works && probe.isSoftware === false) return accelerator;
      // The next one has this process, unless a device is in it: each is told by what its process has open.
      if (known || !probe.places) continue;
      await runtime?.close();
      runtime = undefined;
    }
    return HOST;
  } finally {
    await runtime?.close();
  }
}

/** Where results for a target are compared: in the browser, where it is asked for. Throws UsageError where that does not work. */
export async function comparingProvider(target: Target, asked: Provider | undefined): Promise<Provider> {
  if (asked !== BROWSER) return workingProvider(target);
  if (target !== targetRunBy(BROWSER))
    throw new UsageError(`provider ${BROWSER}: expected the target ${targetRunBy(BROWSER)}; found ${target}`);
  const { works, reason } = await probed(BROWSER);
  if (!works) throw new UsageError(`provider ${BROWSER}: ${reason}`);
  return BROWSER;
}

/**
 * The provider to measure on for a target: the target itself if this machine has such hardware, else the CPU. A GPU in
 * software proves nothing about a real one.
 */
export async function workingProvider(target: Target): Promise<Target> {
  if (isHost(target)) return target;
  const { works, isSoftware } = await probed(target);
  return works && isSoftware !== true ? target : HOST;
}

/** True where the target takes nodes on this machine and computes them wrong: CUDA on libraries that compute nothing. */
export async function placesOnly(target: Provider): Promise<boolean> {
  const { works, places } = await probed(target);
  return places && !works;
}

/**
 * The name of the software device behind a target on this machine; undefined with real hardware, or without any device.
 */
export async function softwareDevice(target: Provider): Promise<string | undefined> {
  if (isHost(target)) return undefined;
  const { works, isSoftware, device } = await probed(target);
  return works && isSoftware === true ? (device ?? target) : undefined;
}
