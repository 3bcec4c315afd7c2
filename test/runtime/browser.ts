/** A browser and onnxruntime-web, to run models in: in CI they may not be missing. */
import { browserPath, runtimeFolder } from '../../src/runtime/web/find.js';

const isThere = (find: () => string): boolean => {
  try {
    find();
    return true;
  } catch {
    return false;
  }
};

export const hasBrowser = process.env.CI !== undefined || (isThere(browserPath) && isThere(runtimeFolder));
