/** Caches of decoders: which output is fed back as which input, by how exporters name them. */
import type { ContractPort } from './contract.js';

/** What exporters call the cache that goes in, and the one that comes out: `past_key_values.0.key`, `past_0`, `past_conv.0`. */
const past = /^past(?:_key_values?)?[._]/;
const present = /^present(?:_key_values?)?[._]/;

/** `past_key_values.0.key` and `present.0.key` have one key; undefined for a name that is no cache's. */
function keyOf(name: string, prefix: RegExp): string | undefined {
  const found = prefix.exec(name);
  if (!found) return undefined;
  const rest = name.slice(found[0].length).split(/[._]/).filter(Boolean).join('.');
  return /\d/.test(rest) ? rest : undefined;
}

/** Pairs in the order of the outputs: names that agree behind the prefix, one input for one output, of one element type. */
export function cachePairs(
  inputs: readonly ContractPort[],
  outputs: readonly ContractPort[],
): { output: string; input: string }[] {
  const byKey = new Map<string, ContractPort[]>();
  for (const input of inputs) {
    const key = keyOf(input.name, past);
    if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), input]);
  }
  return outputs.flatMap((output) => {
    const key = keyOf(output.name, present);
    const [input, ...more] = (key !== undefined && byKey.get(key)) || [];
    const isPair = input && more.length === 0 && input.type === output.type && sameRank(input, output);
    return isPair ? [{ output: output.name, input: input.name }] : [];
  });
}

const sameRank = (a: ContractPort, b: ContractPort): boolean => !a.dims || !b.dims || a.dims.length === b.dims.length;
