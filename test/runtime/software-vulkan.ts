/** Software Vulkan, by Debian's chromium: WebGPU without a GPU. In CI it may not be missing. */
import { existsSync } from 'node:fs';

const driver = '/usr/lib/chromium/vk_swiftshader_icd.json';

export const hasSoftwareVulkan =
  process.env.REQUIRE_WEBGPU === '1' || process.env.CI !== undefined || existsSync(driver);

/** The variables of a process that runs models on it; it wants a folder for its own files. */
export const softwareVulkan = (folder: string) => ({ VK_ICD_FILENAMES: driver, XDG_RUNTIME_DIR: folder });
