/** Quantizes a model with every setting of onnxruntime's quantize_dynamic, in Python. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A file that another tool made, or why it made none. */
export interface PeerFile {
  /** `s8 channel reduced`: the type of the weights, a scale for each channel, 7 bits. */
  readonly name: string;
  readonly path: string;
  readonly failure: string | undefined;
}

const SCRIPT = `
import json, sys
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
source, folder = sys.argv[1:]
try:
    prepared = folder + '/prepared.onnx'
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
except Exception:
    prepared = source
found = []
for kind in ('s8', 'u8'):
    for channel in (False, True):
        for reduced in (False, True):
            name = kind + (' channel' if channel else '') + (' reduced' if reduced else '')
            path = folder + '/' + name.replace(' ', '-') + '.onnx'
            failure = None
            try:
                quantize_dynamic(prepared, path, per_channel=channel, reduce_range=reduced,
                                 weight_type=QuantType.QInt8 if kind == 's8' else QuantType.QUInt8)
            except Exception as error:
                failure = str(error).splitlines()[0]
            found.append({'name': name, 'path': path, 'failure': failure})
import onnxruntime
print(json.dumps({'version': onnxruntime.__version__, 'files': found}))
`;

/** Throws where Python, or onnxruntime's quantization in it, is not there. */
export async function quantizedByPeers(
  python: string,
  model: string,
  folder: string,
): Promise<{ readonly version: string; readonly files: readonly PeerFile[] }> {
  const { stdout } = await promisify(execFile)(python, ['-c', SCRIPT, model, folder], {
    env: { ...process.env, TQDM_DISABLE: '1' },
    maxBuffer: 2 ** 24,
  });
  const last = stdout.trim().split('\n').at(-1) as string;
  const { version, files } = JSON.parse(last) as { version: string; files: { [K in keyof PeerFile]: string | null }[] };
  return {
    version,
    files: files.map(({ name, path, failure }) => ({
      name: name as string,
      path: join(path as string),
      failure: failure ?? undefined,
    })),
  };
}
