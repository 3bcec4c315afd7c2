/**
 * The files that a browser's build leaves out, and what it holds in their place: everything that needs Node lies behind these. A file in
 * src/browser exports what its callers import; esbuild names what is missing.
 */
import { join } from 'node:path';

export const seams = {
  'src/onnx/files.ts': 'src/browser/files.ts',
  'src/onnx/to-disk.ts': 'src/browser/to-disk.ts',
  'src/run/machine.ts': 'src/browser/machine.ts',
  'src/runtime/idle.ts': 'src/browser/idle.ts',
  'src/runtime/isolate.ts': 'src/browser/page-runtime.ts',
  'src/runtime/job.ts': 'src/browser/job.ts',
  'src/runtime/providers.ts': 'src/browser/providers.ts',
  'src/runtime/kernels/probe/kept.ts': 'src/browser/kept.ts',
  'src/settings/module-file.ts': 'src/browser/module-file.ts',
  'src/testing/expect-equal.ts': 'src/browser/expect-equal.ts',
  'src/tuned.ts': 'src/browser/tuned.ts',
  'src/use-runtime.ts': 'src/browser/use-runtime.ts',
  'src/validate/inputs/files/given.ts': 'src/browser/given.ts',
  'src/validate/sides/cpu-name.ts': 'src/browser/cpu-name.ts',
  'src/validate/sides/prepared-model.ts': 'src/browser/prepared-model.ts',
  'src/validate/speed/same-bytes.ts': 'src/browser/same-bytes.ts',
};

/** Builds each file's counterpart in its place. */
export const inBrowser = (root) => ({
  name: 'in-browser',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, resolveDir }) => {
      const file = join(resolveDir, path.replace(/\.js$/, '.ts'));
      const instead = seams[file.slice(root.length)];
      return instead && { path: join(root, instead) };
    });
  },
});
