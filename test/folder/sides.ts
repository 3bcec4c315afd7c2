/** A folder as both sides of a proof: the original, and a result in which one part is a changed copy. */
import { join } from 'node:path';
import { type Model, readModel, writeModel } from '../../src/index.js';

export async function sidesOf(folder: string, copy: string, changed?: string, change?: (model: Model) => void) {
  const own = (part: string): string => join(folder, part);
  if (changed && change) {
    const model = await readModel(own(changed));
    change(model);
    await writeModel(model, copy);
  }
  return {
    original: { folder, modelOf: own },
    result: { folder, modelOf: (part: string) => (part === changed ? copy : own(part)) },
  };
}
