/** A browser and onnxruntime-web, to run models in: in CI they may not be missing. */
import { fileURLToPath } from 'node:url';
import { browserPath, runtimeFolder } from '../../src/runtime/web/find.js';

const found = (find: () => string): string | undefined => {
  try {
    return find();
  } catch {
    return undefined;
  }
};

const browser = found(browserPath);
export const hasBrowser = process.env.CI !== undefined || (browser !== undefined && !!found(runtimeFolder));

// A device in software compiles for longer than it computes.
const isSoftware = process.env.VK_ICD_FILENAMES?.includes('swiftshader') ?? false;
if (browser && isSoftware && !process.env.REAL_BROWSER) {
  process.env.REAL_BROWSER = browser;
  process.env.CHROME_PATH = fileURLToPath(new URL('software-browser.sh', import.meta.url));
}
