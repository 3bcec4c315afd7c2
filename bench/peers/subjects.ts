/** The models of a comparison with other quantizers, and their inputs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { feedsOf } from '../../fixtures/feeds.js';
import { generate } from '../../fixtures/kinds.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import type { Tensors } from '../../src/runtime/isolate.js';
import { makeFeeds } from '../../src/validate/inputs/feeds.js';
import { givenSets } from '../../src/validate/inputs/files/given.js';
import { typicalSizes } from '../../src/validate/inputs/sizes.js';
import { trainedModels } from '../trained/models.js';

export interface Subject {
  readonly name: string;
  readonly about: string;
  /** Writes the float model into a folder, or says where it stands, and gives its inputs. */
  prepare(folder: string): Promise<{ readonly path: string; readonly sets: readonly Tensors[] }>;
  /** Inputs that a user has, for passes that read activations. */
  readonly inputs?: string;
}

/** Inputs of made-up models. */
const SETS = 4;

const generated = (name: string, kind: 'encoder' | 'decoder', about: string): Subject => ({
  name,
  about,
  async prepare(folder) {
    const { model, dims } = generate(kind, 'base', 0);
    const path = join(folder, 'float32.onnx');
    await writeModel(model, path);
    return { path, sets: Array.from({ length: SETS }, (_, seed) => feedsOf(model, dims, seed)) };
  },
});

/** Of the collection of exported models beside the repository. */
const exported = (zoo: string, name: string): Subject[] => {
  const path = join(zoo, name, 'dyn20', 'model.onnx');
  if (!existsSync(path)) return [];
  return [
    {
      name,
      about: 'exported, random weights, 64 wide',
      async prepare() {
        const model = await readModel(path);
        const sizes = typicalSizes[0] as (typeof typicalSizes)[number];
        const sets = Array.from(
          { length: SETS },
          (_, seed) => makeFeeds(model, { seed, sizes, variant: 'full' }).tensors,
        );
        return { path, sets };
      },
    },
  ];
};

export function subjects(shared: string): Subject[] {
  const trained = trainedModels(join(shared, 'trained')).found.map(({ folder, file }): Subject => {
    const inputs = join(shared, 'trained', folder);
    return {
      name: folder,
      about: 'trained, real inputs',
      inputs,
      async prepare() {
        const model = await readModel(file);
        return { path: file, sets: givenSets(inputs).map((set) => set.read(model).tensors) };
      },
    };
  });
  return [
    generated('bert-base', 'encoder', 'BERT-base’s shape, random weights, 12 layers, 128 tokens'),
    generated('decoder-base', 'decoder', '12 layers of 768, random weights, one token behind 255'),
    ...['gpt2-past', 'qwen3'].flatMap((name) => exported(join(shared, 'zoo'), name)),
    ...trained,
  ];
}
