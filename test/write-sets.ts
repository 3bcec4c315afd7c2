/** Sets of inputs as folders of test data. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataTypes } from '../src/ir/types.js';
import { encodeMessage } from '../src/onnx/codec/message.js';
import type { TensorMessage } from '../src/onnx/proto/messages.js';
import type { Tensors } from '../src/runtime/isolate.js';

export function writeSets(folder: string, sets: readonly Tensors[]): void {
  rmSync(folder, { recursive: true, force: true });
  sets.forEach((set, number) => {
    const place = join(folder, `test_data_set_${number}`);
    mkdirSync(place, { recursive: true });
    Object.entries(set).forEach(([name, { type, shape, data }], i) => {
      const { code } = dataTypes[type];
      const message: TensorMessage = { name, dims: [...shape], dataType: code, rawData: data as Uint8Array };
      writeFileSync(join(place, `input_${i}.pb`), encodeMessage('TensorProto', message));
    });
  });
}
