/** Pairs of outputs and the inputs that they go into in the next run, by how exporters name caches and states. */
import { appendTo } from '../ir/collections/lists.js';
import type { ContractPort } from './port.js';

export interface FeedbackPair {
  readonly output: string;
  readonly input: string;
}

/** What tells the pairs of one family: a key that both names have, undefined for a name that is none of the family's. */
interface Family {
  input(name: string): string | undefined;
  output(name: string): string | undefined;
  isAlike(input: ContractPort, output: ContractPort): boolean;
}

/** Pairs in the order of the outputs: one input for one output. */
export function feedbackPairs(inputs: readonly ContractPort[], outputs: readonly ContractPort[]): FeedbackPair[] {
  const found = new Map<ContractPort, ContractPort>();
  for (const family of [caches, cachesOfDecoders, states, firstStates]) {
    const taken = new Set(found.values());
    const free = byKey(
      inputs.filter((input) => !taken.has(input)),
      family.input,
    );
    const open = byKey(
      outputs.filter((output) => !found.has(output)),
      family.output,
    );
    for (const [key, [output, ...others]] of open) {
      const [input, ...more] = free.get(key) ?? [];
      if (output && input && others.length + more.length === 0 && family.isAlike(input, output))
        found.set(output, input);
    }
  }
  return outputs.flatMap((output) => {
    const input = found.get(output);
    return input ? [{ output: output.name, input: input.name }] : [];
  });
}

function byKey(
  ports: readonly ContractPort[],
  keyOf: (name: string) => string | undefined,
): Map<string, ContractPort[]> {
  const keys = new Map<string, ContractPort[]>();
  for (const port of ports) {
    const key = keyOf(port.name);
    if (key !== undefined) appendTo(keys, key, port);
  }
  return keys;
}

/** What exporters call the cache that goes in, and the one that comes out: `past_key_values.0.key`, `past_0`, `past_conv.0`. */
const past = /^past(?:_key_values?)?[._]/;
const present = /^present(?:_key_values?)?[._]/;

/** `past_key_values.0.key` and `present.0.key` have one key; undefined for a name that is no cache's. */
function cacheKey(name: string, prefix: RegExp): string | undefined {
  const found = prefix.exec(name);
  if (!found) return undefined;
  const rest = name.slice(found[0].length).split(/[._]/).filter(Boolean).join('.');
  return /\d/.test(rest) ? rest : undefined;
}

/** A cache grows: sizes may differ. */
const caches: Family = {
  input: (name) => cacheKey(name, past),
  output: (name) => cacheKey(name, present),
  isAlike: (a, b) => a.type === b.type && (!a.dims || !b.dims || a.dims.length === b.dims.length),
};

/** Some exporters name the cache of the decoder's own tokens beside that of the encoder's, on one side alone. */
const ofDecoder = (key: string | undefined): string | undefined => key?.replace(/\.(?:decoder|self)(?=\.)/, '');
const cachesOfDecoders: Family = {
  ...caches,
  input: (name) => ofDecoder(caches.input(name)),
  output: (name) => ofDecoder(caches.output(name)),
};

/** Words of which a state's name has one. `hidden_states` alone are what goes through the layers of a transformer. */
const stateWords = new Set(
  'state states hidden cell cells cache caches cached memory memories mem mems carry recurrent h c lstm gru rnn ssm'.split(
    ' ',
  ),
);
/** Words at either end of a name that say which way the state goes. */
const inwards = new Set('in input prev previous old init initial'.split(' '));
const outwards = new Set('out output next new n final updated'.split(' '));

/** `stateN`, `h_n` and `hn`, `cache0`: words in lower case. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/:\d+$/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/([A-Za-z])(?=\d)/g, '$1 ')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .flatMap((word) => (/^[hc]n$/.test(word) ? [word[0] as string, 'n'] : word || []));

/** The words of a state's name without those that say which way it goes; undefined for what is no state. */
function stemOf(name: string, directions: ReadonlySet<string>): string[] | undefined {
  // The states of video models have neither: `r1i`, `r1o`.
  const side = directions === inwards ? 'i' : 'o';
  if (/^r\d[io]$/.test(name)) return name.endsWith(side) ? ['r', name[1] as string] : undefined;
  const words = wordsOf(name);
  if (directions.has(words[0] ?? '')) words.shift();
  else if (directions.has(words.at(-1) ?? '')) words.pop();
  const isThrough = /hidden states$/.test(words.join(' '));
  return words.some((word) => stateWords.has(word)) && !isThrough ? words : undefined;
}

const isState = (a: ContractPort, b: ContractPort): boolean => {
  const [x, y] = [a.dims, b.dims];
  if (a.type !== b.type || a.type === 'unknown') return false;
  if (!x || !y) return true;
  return (
    x.length === y.length &&
    x.every((dim, axis) => typeof dim !== 'number' || typeof y[axis] !== 'number' || dim === y[axis])
  );
};

/** `state` → `stateN`, `hidden_in` → `hidden_out`, `cached_len_0` → `new_cached_len_0`: a state keeps its size. */
const states: Family = {
  input: (name) => stemOf(name, inwards)?.join('.'),
  output: (name) => stemOf(name, outwards)?.join('.'),
  isAlike: isState,
};

/** `h0` → `hn`: the number says which state it is, the first, and not which of several. */
const firstStates: Family = {
  ...states,
  input: (name) => {
    const words = stemOf(name, inwards);
    return words?.at(-1) === '0' ? words.slice(0, -1).join('.') : undefined;
  },
};
