/** Asks a browser for its GPU. */
import type { Adapter } from './adapter.js';
import { LOST } from './page-calls.js';

/** The part of WebGPU's interface that is used here. */
interface GpuAdapter {
  readonly info: { readonly vendor: string; readonly architecture: string; readonly isFallbackAdapter?: boolean };
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number | undefined>>;
  requestDevice(options: { requiredFeatures: string[]; requiredLimits: Record<string, number> }): Promise<GpuDevice>;
}
interface GpuDevice {
  readonly lost: Promise<{ readonly message: string }>;
}
interface Navigator {
  readonly gpu?: { requestAdapter(options?: { powerPreference: string }): Promise<GpuAdapter | null> };
}

export interface Gpu {
  readonly adapter: Adapter;
  readonly device: GpuDevice;
  /** Rejects once the device is gone. */
  readonly lost: Promise<never>;
}

let known: Promise<Gpu> | undefined;

/** The one device of the page. */
export const gpu = (): Promise<Gpu> => (known ??= request());

/** What the runtime asks of a device that it makes itself. */
const wantedLimits = [
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
];

const FLOAT16 = 'shader-f16';
const wantedFeatures = [FLOAT16, 'subgroups', 'timestamp-query'];

async function request(): Promise<Gpu> {
  const { gpu: api } = (globalThis as unknown as { navigator: Navigator }).navigator;
  const adapter = await api?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('the browser has no WebGPU adapter');
  const { vendor, architecture, isFallbackAdapter = false } = adapter.info;
  const isSoftware = isFallbackAdapter || architecture === 'swiftshader';
  // In software, subgroups are 4 wide: narrower than the runtime's attention is written for, which gives wrong numbers on them.
  const requiredFeatures = wantedFeatures.filter(
    (name) => adapter.features.has(name) && !(isSoftware && name === 'subgroups'),
  );
  const requiredLimits = Object.fromEntries(
    wantedLimits.flatMap((name) => {
      const limit = adapter.limits[name];
      return limit === undefined ? [] : [[name, limit]];
    }),
  );
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  const name = `${[vendor, architecture].filter(Boolean).join(' ') || 'a GPU'}${isSoftware ? ' (software)' : ''}`;
  const lost = device.lost.then(({ message }): never => {
    throw new Error(`${LOST}${message && `: ${message}`}`);
  });
  lost.catch(() => {});
  return { adapter: { name, isSoftware, hasFloat16: adapter.features.has(FLOAT16) }, device, lost };
}
