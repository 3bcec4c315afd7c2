/** Every miniature folder passes its end-to-end gate: pipelines and decoders, original against result. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FolderName, folders, writeFolder } from '../../fixtures/folders.js';
import { givenModels } from '../../src/folder/plan/given-models.js';
import { planned } from '../../src/folder/plan/planned-part.js';
import { decoderLoopsOf, proveDecoder } from '../../src/folder/proof/decoding/prove.js';
import { diffusionPartsOf, provePipeline } from '../../src/folder/proof/diffusion/prove.js';
import { optimizeFolder } from '../../src/index.js';
import { catalogueWith } from '../../src/settings/plugins.js';
import { gateOf } from '../../src/validate/judge/gates.js';

const root = mkdtempSync(join(tmpdir(), 'miniatures-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const presets = [
  ['exact', 'exact'],
  ['half', 'rounding'],
  ['quarter', 'lossy'],
] as const;

/** One of each kind, in all presets. The others are run with the narrowest gate: what is wrong in how parts are joined breaks it first. */
const inAll: readonly FolderName[] = ['sd15', 'marian'];

describe.each(Object.keys(folders) as FolderName[])('%s', (name) => {
  const input = join(root, name);
  beforeAll(() => writeFolder(name, input));

  const all = presets.filter(([preset]) => preset === 'exact' || inAll.includes(name));
  test.each(all)('%s', async (preset, fidelity) => {
    const out = join(root, `${name} ${preset}`);
    const { isWritten, parts } = await optimizeFolder(input, preset, { validate: false, out, target: 'cpu' });
    expect(isWritten).toBe(true);
    // Both decoders keep equal weights equal through all passes.
    if (name === 'marian') expect(parts.flatMap(({ shared }) => shared?.of ?? [])).toContain('decoder_model.onnx');
    const given = await givenModels(input, out);
    const plans = await planned(given, { asked: [], settings: {}, catalogue: await catalogueWith(undefined) }, {});
    const at = (folder: string) => ({ folder: input, modelOf: (path: string) => join(folder, path) });
    const [sides, settings] = [
      { original: at(input), result: at(out) },
      { provider: 'cpu', gate: gateOf(fidelity, 'cpu'), fidelity, steps: 2, side: 8 } as const,
    ];
    const diffusion = diffusionPartsOf(given.layout);
    const loops = decoderLoopsOf(plans);
    const proofs = diffusion
      ? [(await provePipeline(diffusion, sides, settings, () => {})).proof]
      : await Promise.all(loops.map((loop) => proveDecoder(loop, sides, { ...settings, steps: 32 }, () => {})));
    expect(proofs.length).toBeGreaterThan(0);
    for (const { gates, diffusion: run, decoding } of proofs) {
      expect(gates.filter(({ passed }) => !passed)).toEqual([]);
      expect(run?.drift.length ?? decoding?.[0]?.drift.length).toBe(run ? 2 : 32);
    }
  });
});
