import { optimizeFile } from 'onnx-passes';

/** Makes `<name>.half.onnx` beside a model. `say` hears each step. */
export async function optimizeModel(path, say) {
  const out = path.replace(/\.onnx$/, '.half.onnx');
  const report = await optimizeFile(path, 'half', { out, target: 'cpu', force: true, speed: false, onProgress: say });
  return { out, bytes: report.output.bytes };
}
