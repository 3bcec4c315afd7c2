/**
 * Lists the kernels of onnxruntime: which provider runs an op in an element type. Data, no runtime, so any room may
 * ask. The tables are measured (`npm run kernels`): onnxruntime-node 1.30.0 for CPU and WebGPU, 1.29.0 for CUDA.
 */
import { isHost, type Target } from '../ir/targets/targets.js';
import type { DataType } from '../ir/types.js';
import { schemaOf } from '../onnx/schemas/schema.js';
import { cpu } from './kernels/cpu.js';
import { cuda } from './kernels/cuda.js';
import { type KernelState, type KernelTable, kernelTable } from './kernels/table.js';
import { webgpu } from './kernels/webgpu.js';

const CONTRIB = 'com.microsoft';
const texts: Readonly<Record<Target, string>> = { cpu, cuda, webgpu };
const shipped = new Map<Target, KernelTable>();
/** Where others stand in for some of their lines. */
const tables = new Map<Target, KernelTable>();

function tableOf(target: Target): KernelTable {
  return tables.get(target) ?? shippedTable(target);
}

function shippedTable(target: Target): KernelTable {
  const table = shipped.get(target) ?? kernelTable.parse(texts[target]);
  shipped.set(target, table);
  return table;
}

/** From now on the lines of an operator that were measured on this machine stand in for the shipped ones; undefined: those hold again. */
export function takeKernels(target: Target, measured: KernelTable | undefined): void {
  if (measured) tables.set(target, new Map([...shippedTable(target), ...measured]));
  else tables.delete(target);
}

/**
 * Whether the target has a kernel for the op (domain '' is ai.onnx, at this opset) in this element type; undefined where that was not
 * measured. `variant`: the type that a Cast makes, the way in which Gelu is approximated.
 */
export function kernelState(
  target: Target,
  opType: string,
  domain: string,
  opset: number,
  elem: DataType,
  variant?: string,
): KernelState | undefined {
  if (domain !== '' && domain !== CONTRIB) return undefined;
  const name = `${domain && 'ms.'}${opType}`;
  // The set of com.microsoft has one version.
  const state = (full: string) => stateByTable(target, full, domain ? 1 : opset, elem);
  // A Cast to some type or other: most are alike.
  const asked = variant ?? (name === 'Cast' ? 'float32' : undefined);
  return (
    (asked === undefined ? undefined : state(`${name}>${asked}`)) ??
    state(name) ??
    (name === 'Cast' ? state('Cast>float16') : undefined)
  );
}

/** By the table's own name of an operator. */
const stateByTable = (target: Target, name: string, opset: number, elem: DataType): KernelState | undefined =>
  stateIn(tableOf(target), name, opset, elem);

/** The same by the table that every machine has. */
export const shippedState = (target: Target, name: string, opset: number, elem: DataType): KernelState | undefined =>
  stateIn(shippedTable(target), name, opset, elem);

const stateIn = (table: KernelTable, name: string, opset: number, elem: DataType): KernelState | undefined =>
  table
    .get(name)
    ?.findLast(({ since }) => since <= opset)
    ?.types.get(elem);

/**
 * True where the target computes the op (domain '' is ai.onnx, at this opset) in this element type, in some form at least, without handing it
 * to another provider. On the CPU float16 counts wherever the operator admits it: the runtime casts around the op by
 * itself. What was not measured is taken to run on the CPU, and nowhere else. A form that the target refuses falls to the CPU, which has hardly a kernel for
 * bfloat16: there a kernel must take all forms.
 */
export function hasKernel(
  target: Target,
  opType: string,
  domain: string,
  opset: number,
  elem: DataType,
  made?: DataType,
): boolean {
  if (!admits(opType, domain, opset, elem)) return false;
  const state = kernelState(target, opType, domain, opset, elem, made);
  if (state !== undefined) return state === 'yes' || (state === 'some' && elem !== 'bfloat16');
  return isHost(target) && domain === '';
}

/** The reason that the target has no kernel for the op, or that it is not known to have one, in words. */
export function whyNoKernel(
  target: Target,
  opType: string,
  domain: string,
  opset: number,
  elem: DataType,
  variant?: string,
): string {
  const name = `${domain && `${domain}.`}${opType}`;
  const made = variant && opType === 'Cast' ? ` to ${variant}` : '';
  const state = (at: number, type: DataType) => kernelState(target, opType, domain, at, type, variant);
  if (state(opset, elem) === undefined) return `${name}${made} of ${elem} was never tried on ${target}`;
  const has = (found: KernelState | undefined) => found === 'yes' || found === 'some';
  const earlier = lastBefore(opset, (at) => has(state(at, elem)));
  if (earlier !== undefined) return `${name} of ${elem} has no kernel on ${target} from opset ${earlier + 1} on`;
  const others = (['float32', 'float16', 'bfloat16'] as const).filter((type) => has(state(opset, type)));
  if (others.length > 0)
    return `${name}${made} has no kernel for ${elem} on ${target}, but for ${others.join(' and ')}`;
  return `${name}${made} has no kernel on ${target}`;
}

/** The last opset before this one at which it holds. */
const lastBefore = (opset: number, holds: (opset: number) => boolean): number | undefined =>
  Array.from({ length: opset - 1 }, (_, index) => opset - 1 - index).find(holds);

/**
 * True where the operator's definition at this opset has the element type among its inputs or outputs. A contrib op may
 * have no definition here.
 */
function admits(opType: string, domain: string, opset: number, elem: DataType): boolean {
  const schema = schemaOf(opType, domain, opset);
  if (!schema) return domain === CONTRIB;
  if (schema.isDeprecated) return false;
  return [...schema.inputs, ...schema.outputs].some(
    ({ type }) => type === elem || schema.typeConstraints.get(type)?.includes(elem),
  );
}
