/** What a page does with the package: each bundler builds this. `ort` is a runtime, or undefined. */
import { diffModels, modelFiles, optimize, readModel, useRuntime, validate } from 'onnx-passes';
import { readReport, reportMarkdown } from 'onnx-passes/report';

export async function optimizeIn(blob, passes, ort) {
  if (ort) useRuntime(ort);
  const model = await readModel(blob);
  const { model: result, report } = await optimize(model, passes, { target: 'cpu' });
  const [{ name, blob: file }] = await modelFiles(result, 'out.onnx');
  const bytes = new Uint8Array(await file.arrayBuffer());
  const original = new Uint8Array(await blob.arrayBuffer());
  const compared = ort ? await validate(original, bytes, { report, provider: 'cpu', speed: false }) : undefined;
  return {
    name,
    sha256: await sha256(bytes),
    level: report.verification.level,
    passes: report.passes.map(({ name: pass, status, rewrites }) => `${pass} ${status} ${rewrites?.count ?? 0}`),
    changed: diffModels(model, result).rewrites.length > 0,
    gates: compared?.gates.map(({ name, passed }) => `${name} ${passed}`),
    lines: reportMarkdown(readReport(JSON.parse(JSON.stringify(report)))).split('\n').length,
  };
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

globalThis.optimizeIn = optimizeIn;

// The same file is a worker's.
if (typeof document === 'undefined')
  globalThis.onmessage = async ({ data: { blob, passes, runtime } }) => {
    try {
      const ort = runtime && (await import(/* webpackIgnore: true */ /* @vite-ignore */ runtime));
      postMessage(await optimizeIn(blob, passes, ort));
    } catch (error) {
      postMessage({ error: String(error) });
    }
  };
