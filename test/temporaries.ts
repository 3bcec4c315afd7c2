/** Temporary folders of this process that are left. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';

export const temporaries = (): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`onnx-passes-${process.pid}-`));
