/** Tests flatten-outputs on models of real exporters, against stored outputs of onnxruntime for the originals. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flattenOutputs } from '../../../passes/flatten-outputs.js';
import type { Model } from '../../../src/ir/model.js';
import { readModel } from '../../../src/onnx/read.js';
import { checkPass } from '../../check-pass.js';
import { collection, modelFolders } from '../../models.js';
import { plain, runFlat } from '../../run-flat.js';
import { dataSets, storedTensors } from '../../stored-data.js';
import { storedValues } from '../../stored-values.js';

/** The stored result for each output. */
function expected(model: Model, folder: string): Record<string, unknown> {
  const values = storedValues(
    folder,
    'output',
    model.graph.outputPorts.map(({ type }) => type),
  );
  return Object.fromEntries(
    model.graph.outputPorts.map(({ name }, index) => [name, plain(values[index] as Parameters<typeof plain>[0])]),
  );
}

const close = (value: unknown): unknown => {
  if (typeof value === 'number' && !Number.isInteger(value)) return expect.closeTo(value, 4);
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, close(one)]));
};

const folders = (['zoo', 'traps'] as const).flatMap((name) =>
  modelFolders(collection(name)).filter((folder) =>
    /\/(sequence-|optional-|sklearn-|string-io|dtype-outputs|out-|fp16-sequence|output)/.test(folder),
  ),
);

describe.runIf(folders.length > 0)('stored outputs', () => {
  it.each(folders.map((folder) => [folder.split('/').slice(-2).join('/'), folder]))('%s', async (_, folder) => {
    const before = await readModel(join(folder, 'model.onnx'));
    const { model, result } = await checkPass(flattenOutputs(), { before, within: 0, keepsInterface: false });
    expect(result.skips).toEqual([]);
    expect(model.graph.outputPorts.every(({ type }) => type?.kind === 'tensor')).toBe(true);
    for (const set of dataSets(folder)) {
      const wanted = expected(before, join(folder, set));
      const values = await runFlat(model, storedTensors(folder, 'input', set));
      for (const [name, value] of Object.entries(wanted)) expect(values[name], name).toEqual(close(value));
    }
  });
});
