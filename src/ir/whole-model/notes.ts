/** Notes in a model's metadata: JSON under a key of this package. */
import type { Model } from '../model.js';

const textIn = ({ metadata }: Model, key: string): string | undefined =>
  metadata.find((entry) => entry.key === key)?.value;

/** What is noted under a key; undefined where nothing is, or no JSON. */
export function noteIn(model: Model, key: string): unknown {
  const text = textIn(model, key);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Notes a value behind all other metadata; undefined takes the note away. Changes nothing where the same is noted already. */
export function setNote(model: Model, key: string, value: object | undefined): void {
  const text = value && JSON.stringify(value);
  if (textIn(model, key) === text) return;
  const others = model.metadata.filter((entry) => entry.key !== key);
  model.metadata = text === undefined ? others : [...others, { key, value: text }];
}
