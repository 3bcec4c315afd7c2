/** Finds the role of an input: by the nodes that read it, and by its name only where these do not tell. */

import { minOf } from '../../ir/collections/lists.js';
import { under } from '../../ir/collections/named.js';
import { fromStart } from '../../ir/dims/axes.js';
import type { Model } from '../../ir/model.js';
import { dataTypes, isFloat, isInteger } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { type InputReader, readersOf, scalarOf } from './flow.js';

/** The role of an input, which decides its numbers. `below`: the rows of the table that it indexes. */
export type Role =
  | { readonly kind: 'ids'; readonly below: number }
  | { readonly kind: 'positions'; readonly below: number | undefined }
  | { readonly kind: 'mask'; readonly values: 'bits' | 'additive' }
  | { readonly kind: 'flag' }
  /**
   * A number of elements: of a sequence, of an attention cache (one less), of both together, or of a sequence that
   * grew.
   */
  | { readonly kind: 'lengths'; readonly of: 'sequence' | 'total minus one' | 'total' | 'longer' }
  | { readonly kind: 'timestep' }
  | { readonly kind: 'count' }
  | { readonly kind: 'integers'; readonly low: number; readonly high: number }
  | { readonly kind: 'text' }
  | { readonly kind: 'normal' };

const MICROSOFT = 'com.microsoft';

/** The rows of the table that a reader indexes with the input; undefined for another reader. */
function tableRows({ node, index, offset }: InputReader): number | undefined {
  const rows = (value: Value | undefined, axis = 0): number | undefined => {
    const shape = value?.shape;
    const dim = shape?.[fromStart(axis, shape.length)];
    return typeof dim === 'number' ? dim - offset : undefined;
  };
  if (node.is('Gather') && index === 1) return rows(node.inputs[0], node.int('axis', 0));
  if (node.is('GatherBlockQuantized', MICROSOFT) && index === 1) return rows(node.inputs[0]);
  if (node.is('OneHot') && index === 0) {
    const depth = scalarOf(node.inputs[1]);
    return depth === undefined ? undefined : depth - offset;
  }
  if (node.is('EmbedLayerNormalization', MICROSOFT)) {
    const table = { 0: 2, 1: 4, 8: 3 }[index];
    return table === undefined ? undefined : rows(node.inputs[table]);
  }
  const isRotary = node.is('RotaryEmbedding', MICROSOFT);
  if (isRotary && index === 1) return rows(node.inputs[2]);
  return undefined;
}

/** The inputs of operators that generate text with a model in their body: BeamSearch and WhisperBeamSearch, GreedySearch and Sampling. */
const beams = 'ids longest shortest few one one one mask mask mask ids'.split(' ');
const draws = 'ids longest shortest one mask mask mask mask count'.split(' ');
const generators: Readonly<Record<string, readonly string[]>> = {
  BeamSearch: beams,
  WhisperBeamSearch: beams,
  GreedySearch: draws,
  Sampling: draws,
};

/**
 * The role of such an operator's input: ids of its vocabulary, a few positions more than these, a few beams, penalties
 * of 1.
 */
function generationRole(model: Model, { node, index }: InputReader): Role | undefined {
  if (node.domain !== MICROSOFT) return undefined;
  switch (under(generators, node.opType)?.[index]) {
    case 'ids': {
      const vocabulary = node.int('vocab_size', -1);
      if (vocabulary > 0) return { kind: 'ids', below: vocabulary };
      const inner = node.bodies.flatMap((body) => body.inputs.filter(({ name }) => /input_ids/.test(name)));
      const rows = inner.flatMap((input) => readersOf(model, input).flatMap((reader) => tableRows(reader) ?? []));
      return rows.length ? { kind: 'ids', below: minOf(rows) } : undefined;
    }
    case 'longest':
      return { kind: 'lengths', of: 'longer' };
    case 'few':
      return { kind: 'integers', low: 2, high: 3 };
    case 'shortest':
    case 'one':
      return { kind: 'integers', low: 1, high: 2 };
    case 'mask':
      return { kind: 'mask', values: 'bits' };
    default:
      return undefined;
  }
}

/** Mask inputs of attention ops: their slots, and their roles. */
const maskSlots: readonly (readonly [opType: string, domain: string, index: number])[] = [
  ['MultiHeadAttention', MICROSOFT, 4],
  ['Attention', MICROSOFT, 3],
  ['EmbedLayerNormalization', MICROSOFT, 7],
];
const biasSlots: readonly (readonly [opType: string, domain: string, index: number])[] = [
  ['MultiHeadAttention', MICROSOFT, 5],
  ['Attention', MICROSOFT, 5],
  ['GroupQueryAttention', MICROSOFT, 10],
  ['Attention', '', 3],
];
const stands = (slots: typeof maskSlots, { node, index }: InputReader): boolean =>
  slots.some(([opType, domain, at]) => at === index && node.is(opType, domain));

/** True for a reader that chooses between two: 1 - mask, a condition, a comparison with 0 or 1. */
function readsAsBit(reader: InputReader): boolean {
  const { node, index } = reader;
  if (stands(maskSlots, reader)) return true;
  if (node.is('Where') || node.is('If')) return index === 0;
  if (['And', 'Or', 'Not', 'Xor'].some((op) => node.is(op))) return true;
  if (node.is('Sub')) return index === 1 && scalarOf(node.inputs[0]) === 1;
  return false;
}

const readsAsBias = (reader: InputReader): boolean => stands(biasSlots, reader) || reader.node.is('Add');

/** The number that an input is compared with: a sample rate, a mode. */
const comparedWith = (readers: readonly InputReader[]): number | undefined =>
  readers
    .map(({ node, index }) => (node.is('Equal') ? scalarOf(node.inputs[1 - index]) : undefined))
    .find(Number.isFinite);

/** The role of an input of the main graph. */
export function roleOf(model: Model, input: Value): Role {
  const { elem } = input;
  const name = input.name.toLowerCase();
  const shape = input.type?.kind === 'tensor' ? input.type.shape : undefined;
  const isSingle = shape?.every((dim) => dim === 1) === true;
  if (elem === 'string') return { kind: 'text' };
  if (elem === 'bool') return isSingle ? { kind: 'flag' } : { kind: 'mask', values: 'bits' };
  const readers = readersOf(model, input);
  const generation = readers.map((reader) => generationRole(model, reader)).find((role) => role !== undefined);
  if (generation && !(isFloat(elem) && generation.kind === 'ids')) return generation;
  if (isFloat(elem)) return floatRole(name, readers, shape?.length);
  if (!isInteger(elem) || elem === undefined) return { kind: 'normal' };

  const length = lengthRole(readers);
  if (length) return length;
  const rows = readers.map(tableRows).filter((count) => count !== undefined);
  const below = rows.length ? Math.max(1, minOf(rows)) : undefined;
  const isMask = /mask/.test(name) && !/position/.test(name);
  if (isMask) return { kind: 'mask', values: 'bits' };
  if (/position|pos_id/.test(name)) return { kind: 'positions', below };
  if (below !== undefined) return { kind: 'ids', below };
  if (readers.some(readsAsBit) && !isSingle) return { kind: 'mask', values: 'bits' };
  if (/timestep|^t$/.test(name)) return { kind: 'timestep' };
  if (readers.some(({ node, index }) => index === 1 && node.is('SequenceAt')))
    return { kind: 'integers', low: 0, high: 2 };
  if (readers.some(({ node, index }) => index === 0 && node.is('Loop'))) return { kind: 'count' };
  if (/len/.test(name) && (shape?.length ?? 1) <= 1) return { kind: 'lengths', of: 'sequence' };
  if (/\bids?$|_ids?$|tokens?$/.test(name)) return { kind: 'integers', low: 0, high: 100 };
  const known = isSingle ? comparedWith(readers) : undefined;
  if (known !== undefined) return { kind: 'integers', low: known, high: known + 1 };
  if (isSingle) return { kind: 'count' };
  const { bits, kind } = dataTypes[elem];
  if (bits === 8) return { kind: 'integers', low: kind === 'signed' ? -128 : 0, high: kind === 'signed' ? 128 : 256 };
  return { kind: 'integers', low: 0, high: 8 };
}

function floatRole(name: string, readers: readonly InputReader[], rank: number | undefined): Role {
  const isBias = readers.some((reader) => stands(biasSlots, reader));
  if (/mask/.test(name) || isBias) {
    const isBit = readers.some(readsAsBit) || !readers.some(readsAsBias);
    return { kind: 'mask', values: isBit && !isBias ? 'bits' : 'additive' };
  }
  if (/timestep|sigma/.test(name) && (rank ?? 1) <= 1) return { kind: 'timestep' };
  return { kind: 'normal' };
}

function lengthRole(readers: readonly InputReader[]): Role | undefined {
  for (const { node, index } of readers) {
    if (node.is('GroupQueryAttention', MICROSOFT) && index === 5) return { kind: 'lengths', of: 'total minus one' };
    if (node.is('GroupQueryAttention', MICROSOFT) && index === 6) return { kind: 'lengths', of: 'total' };
    if (['LSTM', 'GRU', 'RNN'].some((op) => node.is(op)) && index === 4) return { kind: 'lengths', of: 'sequence' };
    if (node.is('ReverseSequence') && index === 1) return { kind: 'lengths', of: 'sequence' };
  }
  return undefined;
}
