/** Kernels that were probed on this machine, of which a browser keeps none: built in place of `src/runtime/kernels/probe/kept.ts`. */
import type { ProbedKernels } from '../runtime/kernels/probe/kept.js';

export type { ProbedKernels } from '../runtime/kernels/probe/kept.js';

export const useProbed = async (): Promise<readonly ProbedKernels[]> => [];
export const probedFor = async (): Promise<ProbedKernels[]> => [];
export const probedVersions = (): Record<string, string> => ({});
export const probedWarning = ({ provider }: ProbedKernels): { readonly text: string } => ({ text: provider });
