import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fixtures } from '../models.js';
import { Workplace } from './run-cli.js';

const place = new Workplace();
afterAll(() => place.remove());

const model = join(fixtures, 'models/attn-mask-left-padded/model.onnx');

/** Without a Vulkan driver there is no WebGPU; with SwiftShader, where it is installed, there is one, whose attention is wrong. */
const drivers = { none: place.path('no-driver.json'), some: '/usr/lib/chromium/vk_swiftshader_icd.json' };

it('--target webgpu gives the same bytes whatever devices the machine has', () => {
  const results = Object.entries(drivers).map(([name, VK_ICD_FILENAMES]) => {
    const words = [model, '-o', `${name}.onnx`, '--passes', 'exact,fp16', '--target', 'webgpu', '--no-speed', '-q'];
    const ran = place.spawn(words, { VK_ICD_FILENAMES, XDG_RUNTIME_DIR: place.folder });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    return readFileSync(place.path(`${name}.onnx`));
  });
  expect(results[0]?.equals(results[1] as Buffer)).toBe(true);
});
