/**
 * The targets: providers of onnxruntime that a result can be meant for, and what passes and reports ask of each.
 *
 * A new target is an entry here, under the name that onnxruntime-node gives the provider, its kernels in `runtime/kernels/`, and its device in `runtime/providers.ts`; the
 * compiler lists what is missing.
 * Nobody compares the name of a target: what differs between targets is asked by a function of this file.
 */

import type { DataType } from '../types.js';

/** Types narrower than float32. */
export type NarrowType = 'float16' | 'bfloat16' | 'int8';

/** Fused forms whose kernels are slower, or not proven, on some targets. */
export type FusedForm = 'soft-capped attention' | 'causal attention' | 'norm with residual' | 'channels last';

/** Generations of one target's devices, between which its fastest kernels differ. */
const generations = { cuda: ['sm80', 'sm86', 'sm89', 'sm90'] } as const satisfies Partial<
  Record<string, readonly string[]>
>;
type Generations = typeof generations;
export type Architecture = Generations[keyof Generations][number];
export const architectures: readonly Architecture[] = Object.values(generations).flat();

interface TargetTraits {
  /** The runtime's own name of the provider. */
  readonly runtimeName: string;
  /** The narrow types that its kernels multiply in; values of the others are widened first. */
  readonly computes: readonly NarrowType[];
  /** The narrow types of which its kernels look rows up (Gather) and widen them (Cast); a table of another type is widened as a whole, at load. */
  readonly looksUp: readonly NarrowType[];
  /** The forms whose kernels give right numbers and take less time than the nodes that they replace. */
  readonly fuses: readonly FusedForm[];
  /** True where the runtime leaves to the CPU all that is computed from shapes, floats too: its provider says where its outputs lie. */
  readonly leavesShapes?: boolean;
  /** True where a Cast of stored 4 bits loads: onnxruntime-web finds no provider for it, which was seen with a U-Net. */
  readonly loadsInt4?: boolean;
}

/** In the order in which messages list them; of the accelerators `auto` prefers the first that works. */
const traits = {
  cpu: {
    runtimeName: 'CPUExecutionProvider',
    computes: ['int8'],
    looksUp: ['float16', 'bfloat16', 'int8'],
    fuses: ['causal attention'],
    loadsInt4: true,
  },
  cuda: {
    runtimeName: 'CUDAExecutionProvider',
    computes: ['float16', 'bfloat16'],
    looksUp: ['float16', 'bfloat16', 'int8'],
    fuses: ['soft-capped attention', 'norm with residual', 'channels last'],
    leavesShapes: true,
    loadsInt4: true,
  },
  webgpu: {
    runtimeName: 'WebGpuExecutionProvider',
    computes: ['float16'],
    looksUp: ['float16'],
    fuses: ['soft-capped attention', 'norm with residual'],
  },
} as const satisfies Readonly<Record<string, TargetTraits>>;

/** The provider that the result is meant for. */
export type Target = keyof typeof traits;

export const targets = Object.keys(traits) as [Target, ...Target[]];

/** A target, or one generation of its devices. */
export type TargetName = Target | `${keyof Generations}:${Architecture}`;

export const targetNames: readonly [TargetName, ...TargetName[]] = [
  ...targets,
  ...Object.entries(generations).flatMap(([target, names]) => names.map((name) => `${target}:${name}` as TargetName)),
];

/** What may be asked for: `auto` is the best target that works on this machine. */
export const targetChoices = ['auto', ...targetNames] as const;
export type TargetChoice = (typeof targetChoices)[number];

/** The target of a name, whatever the generation. */
export const providerOf = (name: TargetName): Target => name.split(':')[0] as Target;
/** The generation that a name tells; undefined where the result is meant for all. */
export const architectureOf = (name: TargetName): Architecture | undefined =>
  name.split(':')[1] as Architecture | undefined;

/** The provider that every machine has. Others hand it the nodes that they have no kernel for; what it cannot run, nothing runs. */
export const HOST = 'cpu' as const satisfies Target;
export type Accelerator = Exclude<Target, typeof HOST>;

/** The runtime in a browser, onnxruntime-web. It runs what is meant for WebGPU. */
export const BROWSER = 'web';
/** Where a model runs: on a provider of onnxruntime-node, or in a browser. */
export type Provider = Target | typeof BROWSER;
/** The target whose kernels run there. */
export const targetRunBy = (provider: Provider): Target => (provider === BROWSER ? 'webgpu' : provider);

/** Where the original runs, to compare: the browser is there to be compared with the CPU. */
export const referenceProvider = (provider: Provider): Provider => (provider === BROWSER ? HOST : provider);

export const isHost = (provider: Provider): provider is typeof HOST => provider === HOST;
export const accelerators = targets.filter((target): target is Accelerator => !isHost(target));

const traitsOf = (target: Target): TargetTraits => traits[target];

/** The runtime's own name of a provider, as its log and profile write it. */
export const runtimeNameOf = (provider: Provider): string => traitsOf(targetRunBy(provider)).runtimeName;

/** Whether the target's kernels multiply in the type; where not, values can be stored in it alone. */
export const computesIn = (target: Target, type: NarrowType): boolean => traitsOf(target).computes.includes(type);

/** Whether the target looks rows of this type up and widens them, without handing either to the CPU. */
export const looksUp = (target: Target, type: DataType): boolean =>
  type === 'float32' || traitsOf(target).looksUp.some((one) => one === type);

/** Whether the tensor cores of a generation multiply 8-bit floats. */
export const multipliesFloat8 = (architecture: Architecture | undefined): boolean =>
  architecture === 'sm89' || architecture === 'sm90';

/** Whether those of some generation of the target do. */
export const mayMultiplyFloat8 = (target: Target): boolean =>
  ((generations as Partial<Record<Target, readonly Architecture[]>>)[target] ?? []).some(multipliesFloat8);

/** Whether the target gains from a fused form. */
export const gainsFrom = (target: Target, form: FusedForm): boolean => traitsOf(target).fuses.includes(form);

/** Whether numbers that come from shapes alone are computed on the host, whatever their type. */
export const leavesShapes = (target: Target): boolean => traitsOf(target).leavesShapes === true;

/** Whether weights that a Cast widens from 4 bits load there. */
export const loadsInt4 = (target: Target): boolean => traitsOf(target).loadsInt4 === true;
