/**
 * Names the device of a WebGPU adapter. onnxruntime-node does not tell it, but the process shows it: a driver of a GPU
 * keeps a device file of the kernel open (Linux), and a software driver is a library with a known name that opens none.
 */

/** The files that a process has open; see `RuntimeProcess.open`. */
export interface OpenFiles {
  readonly libraries: readonly string[];
  readonly devices: readonly string[];
}

export interface Device {
  readonly name: string;
  /** True where the CPU does the work; undefined where that is unknown. */
  readonly isSoftware: boolean | undefined;
}

const softwareDrivers: readonly (readonly [RegExp, string])[] = [
  [/vk_swiftshader/i, 'SwiftShader'],
  [/vulkan_lvp|lavapipe/i, 'llvmpipe'],
  [/d3d10warp/i, 'WARP'],
];

const hardwareDrivers: readonly (readonly [RegExp, string])[] = [
  [/libGLX_nvidia|nvoglv|libnvidia-vulkan/i, 'NVIDIA'],
  [/vulkan_radeon|amdvlk|amdxc/i, 'AMD'],
  [/vulkan_intel|igvk|igc64/i, 'Intel'],
  [/vulkan_nouveau/i, 'NVIDIA (nouveau)'],
  [/vulkan_asahi/i, 'Apple (asahi)'],
  [/vulkan_panfrost|libmali/i, 'Mali'],
  [/vulkan_freedreno|adreno/i, 'Adreno'],
  [/vulkan_virtio/i, 'virtio-gpu'],
  [/vulkan_dzn/i, 'Direct3D 12 over Vulkan'],
];

/** Device files of GPUs: rendering nodes, NVIDIA's own, and Windows' GPU under WSL. */
const gpuFile = /^\/dev\/(dri\/renderD\d+|nvidia\d+|dxg|kgsl|mali)/;

/** Libraries that a process has once a GPU was looked for with success. */
const gpuLibrary = /vulkan|cuda|cudnn|nvidia|libGLX|swiftshader|lavapipe/i;

/** True where nothing of a GPU is in a process, although one was asked for. Known on Linux alone. */
export const isWithoutGpu = (
  { libraries, devices }: OpenFiles,
  platform: NodeJS.Platform = process.platform,
): boolean =>
  platform === 'linux' &&
  !libraries.some((library) => gpuLibrary.test(library)) &&
  !devices.some((file) => gpuFile.test(file));

const known = (drivers: typeof softwareDrivers, libraries: readonly string[]): string[] =>
  drivers.filter(([pattern]) => libraries.some((library) => pattern.test(library))).map(([, name]) => name);

/** The device behind a WebGPU session of a process. */
export function webgpuDevice({ libraries, devices }: OpenFiles, platform: NodeJS.Platform = process.platform): Device {
  if (platform === 'darwin') return { name: 'Metal', isSoftware: false };
  const software = known(softwareDrivers, libraries);
  const hardware = known(hardwareDrivers, libraries);
  if (platform === 'linux') {
    const hasGpu = devices.some((file) => gpuFile.test(file));
    if (hasGpu) return { name: hardware.join(', ') || 'a GPU', isSoftware: false };
    return { name: `${software.join(', ') || 'a driver without a GPU'} (software)`, isSoftware: true };
  }
  // Direct3D loads WARP beside the drivers of real GPUs. WARP computes only where it is alone.
  if (hardware.length) return { name: hardware.join(', '), isSoftware: false };
  return software.length
    ? { name: `${software.join(', ')} (software)`, isSoftware: true }
    : { name: 'Direct3D 12', isSoftware: undefined };
}
