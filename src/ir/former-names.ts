/** The names that constants and their readers had before a pass shortened them: what an earlier pass said of a weight is found by them. */
import type { Tensor } from './tensors/tensor.js';
import type { Value } from './value.js';

/** By tensor, which copies of a model share. */
const names = new WeakMap<Tensor, readonly string[]>();

/** Keeps the name of a constant, and those of its readers, behind a Cast too. */
export function rememberNames({ tensor, name, users }: Value): void {
  if (!tensor || names.has(tensor)) return;
  const readers = users.flatMap((node) => (node.is('Cast') ? [node, ...node.output.users] : [node]));
  names.set(tensor, [name, ...readers.map(({ label }) => label)]);
}

/** The former name of a constant, then those of its readers; none where they are as they were. */
export const formerNames = ({ tensor }: Value): readonly string[] => (tensor && names.get(tensor)) ?? [];
