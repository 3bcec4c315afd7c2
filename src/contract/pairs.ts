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

/** Some exporters name the cache of the decoder's own tokens beside that of the encoder's, on one side alone. */
const ofDecoder = (key: string): string => key.replace(/\.(?:decoder|self)(?=\.)/, '');

/** Pairs in the order of the outputs: names that agree behind the prefix, one input for one output, of one element type and rank. */
export function cachePairs(
  inputs: readonly ContractPort[],
  outputs: readonly ContractPort[],
): { output: string; input: string }[] {
  const found = new Map<ContractPort, ContractPort>();
  for (const simplified of [(key: string) => key, ofDecoder]) {
    const keysOf = (ports: readonly ContractPort[], prefix: RegExp): Map<string, ContractPort[]> => {
      const keys = new Map<string, ContractPort[]>();
      for (const port of ports) {
        const key = keyOf(port.name, prefix);
        if (key !== undefined) keys.set(simplified(key), [...(keys.get(simplified(key)) ?? []), port]);
      }
      return keys;
    };
    const taken = new Set(found.values());
    const free = keysOf(
      inputs.filter((input) => !taken.has(input)),
      past,
    );
    const open = keysOf(
      outputs.filter((output) => !found.has(output)),
      present,
    );
    for (const [key, [output, ...others]] of open) {
      const [input, ...more] = free.get(key) ?? [];
      if (output && input && others.length + more.length === 0 && isAlike(input, output)) found.set(output, input);
    }
  }
  return outputs.flatMap((output) => {
    const input = found.get(output);
    return input ? [{ output: output.name, input: input.name }] : [];
  });
}

const isAlike = (a: ContractPort, b: ContractPort): boolean =>
  a.type === b.type && (!a.dims || !b.dims || a.dims.length === b.dims.length);
