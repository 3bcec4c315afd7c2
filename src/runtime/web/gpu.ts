/** Asks a browser for its GPU, and takes part when the runtime requests a device of it. */
import type { Adapter } from './adapter.js';
import { LOST } from './page-calls.js';

/** The part of WebGPU's interface that is used here. */
interface GpuAdapter {
  readonly info: { readonly vendor: string; readonly architecture: string; readonly isFallbackAdapter?: boolean };
  readonly features: ReadonlySet<string>;
  requestDevice(wanted?: WantedDevice): Promise<GpuDevice>;
}
interface WantedDevice {
  readonly requiredFeatures?: Iterable<string>;
}
interface GpuDevice {
  readonly lost: Promise<{ readonly message: string }>;
}
interface Navigator {
  readonly gpu?: { requestAdapter(options?: { powerPreference: string }): Promise<GpuAdapter | null> };
}

let known: Promise<Adapter> | undefined;

export const adapter = (): Promise<Adapter> => (known ??= request());

async function request(): Promise<Adapter> {
  const { gpu } = (globalThis as unknown as { navigator: Navigator }).navigator;
  const found = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!found) throw new Error('the browser has no WebGPU adapter');
  const { vendor, architecture, isFallbackAdapter = false } = found.info;
  const isSoftware = isFallbackAdapter || architecture === 'swiftshader';
  const name = `${[vendor, architecture].filter(Boolean).join(' ') || 'a GPU'}${isSoftware ? ' (software)' : ''}`;
  watchDevices(found, isSoftware);
  return { name, isSoftware, hasFloat16: found.features.has('shader-f16') };
}

/**
 * In software, subgroups are 4 wide: the runtime's attention, which is written for more, gives wrong numbers on them. It computes without them where a
 * device has none.
 */
const isNarrowInSoftware = (feature: string): boolean => feature.startsWith('subgroup');

/** The runtime takes no device from outside (`env.webgpu.device` is ignored up to 1.30): its request is changed instead. */
function watchDevices(found: GpuAdapter, isSoftware: boolean): void {
  const prototype: GpuAdapter = Object.getPrototypeOf(found);
  const { requestDevice } = prototype;
  prototype.requestDevice = async function (this: GpuAdapter, wanted: WantedDevice = {}) {
    const features = [...(wanted.requiredFeatures ?? [])];
    const requiredFeatures = isSoftware ? features.filter((one) => !isNarrowInSoftware(one)) : features;
    const device = await requestDevice.call(this, { ...wanted, requiredFeatures });
    device.lost.then(({ message }) => endWaits(new Error(`${LOST}${message && `: ${message}`}`)));
    return device;
  };
}

let endWaits: (reason: Error) => void = () => {};

/** Rejects once a device is gone. */
export const lost = new Promise<never>((_, reject) => {
  endWaits = reject;
});
lost.catch(() => {});
