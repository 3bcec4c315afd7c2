/** Kinds of CPUs by how they add products of u8 × s8, as the setting `targetCpu` names them. */

/**
 * What the weights of two products that are added in 16 bits may come to, those of one sign: 255 · 128 is within 16 bits. The two
 * are of rows 2k and 2k + 1 of the weight.
 */
export const PAIR_LIMIT = 128;

/** True where the 16-bit sums of a kind saturate: x64 without VNNI or AMX. */
const kinds = { avx2: true, avx512: true, vnni: false, amx: false, arm: false } as const;

/** Kinds of CPUs, by the instructions that integer products take. */
export type TargetCpu = keyof typeof kinds;

export const targetCpus = Object.keys(kinds) as [TargetCpu, ...TargetCpu[]];

/** Whether sums saturate on any of these CPUs; where none is named, on any that there is. */
export const saturatesOn = (cpus: readonly TargetCpu[] = targetCpus): boolean => cpus.some((cpu) => kinds[cpu]);

export const targetCpuText = `expected a list of ${targetCpus.join(', ')}`;

/** The kinds that are meant, undefined for all. */
export const targetCpusOf = (stated: TargetCpu | readonly TargetCpu[] | undefined): readonly TargetCpu[] | undefined =>
  stated === undefined ? undefined : ([stated].flat() as TargetCpu[]);
