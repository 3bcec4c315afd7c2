/** The providers in a browser: built in place of `src/runtime/providers.ts`. Results are compared in WebAssembly, which is there wherever the runtime is. */
import { HOST, isHost, providerOf, type Target, type TargetChoice } from '../ir/targets/targets.js';
import type { Provider } from '../runtime/protocol.js';

/** `auto` is the CPU: whether a GPU is one in software is not told. */
export const resolveTarget = async (target: TargetChoice | Provider): Promise<Provider> =>
  target === 'auto' ? HOST : target === 'web' ? 'webgpu' : providerOf(target);

export const workingProvider = async (_: Target): Promise<Target> => HOST;

export const placesOnly = async (_: Provider): Promise<boolean> => false;

export const softwareDevice = async (_: Provider): Promise<string | undefined> => undefined;

export const comparingProvider = async (target: Target, asked: Provider | undefined): Promise<Provider> =>
  isHost(target) ? HOST : (asked ?? HOST);
