/** Rewrites onnxruntime's messages in words that help. */
import { type DataType, dataTypeOfCode } from '../ir/types.js';

const pathed = /\/[^\s:]*onnxruntime_src\/[^\s:]*\/([^/\s:]+:\d+)/g;

/**
 * Rewrites a message of the runtime: names the limits of onnxruntime-node plainly, and removes paths of its build
 * machine.
 */
export function explain(message: string): string {
  const unsupported = /^Unsupported data type: (\d+)$/.exec(message.trim());
  if (unsupported)
    return (
      `onnxruntime-node cannot exchange tensors of ${typeOfNumber(Number(unsupported[1])) ?? `data type ${unsupported[1]}`}, ` +
      'which an input or output of the model is. Keep inputs and outputs in float32'
    );
  if (message.includes('Non tensor type is temporarily not supported'))
    return 'onnxruntime-node cannot give back sequences and maps, which an output of the model is (flatten-outputs makes tensors of them)';
  if (message.includes('Failed to get a WebGPU adapter'))
    return 'no WebGPU adapter: WebGPU needs a working driver (on Linux, Vulkan: libvulkan1 and a driver of the GPU)';
  if (message.includes('libcud') || message.includes('libcublas')) return `CUDA is not complete: ${firstLine(message)}`;
  if (message.includes('ExecutionProvider_Cuda') || message.includes('libonnxruntime_providers_'))
    return "this onnxruntime-node was installed without its CUDA provider (its postinstall downloads it; Linux x64 only), or CUDA's libraries are missing";
  const [, ir, mostIr] = /IR version: (\d+), max supported IR version: (\d+)/.exec(message) ?? [];
  if (ir) return newer(`files of IR version ${mostIr} at most`, `has ${ir}`);
  const [, set] = /Opset (\d+) is under development/.exec(message) ?? [];
  const [, domain, most] = /support for domain (\S+) is till opset (\d+)/.exec(message) ?? [];
  if (set && most) return newer(`operator set ${most} of ${domain} at most`, `needs ${set}`);
  return firstLine(message);
}

/** What is newer than the runtime, and the remedy. */
const newer = (known: string, found: string): string =>
  `the installed onnxruntime knows ${known}; this model ${found}. A newer onnxruntime is needed to run it`;

/** The runtime counts as ONNX does up to float4e2m1. Behind it stand the integers of two bits (seen of 1.30: 25 for int2). */
const typeOfNumber = (number: number): DataType | undefined =>
  number < 24 ? dataTypeOfCode(number) : ({ 24: 'uint2', 25: 'int2' } as const)[number];

const firstLine = (message: string): string => message.replace(pathed, '$1').trim().split('\n', 3).join(' ').trim();
