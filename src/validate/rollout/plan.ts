/**
 * Plans how a model's outputs feed its inputs: the state of a recurrent model, the text of a decoder, the latent of a
 * denoiser.
 */
import { notedCache } from '../../contract/cache.js';
import { type Contract, contractOf } from '../../contract/contract.js';
import { type FeedbackPair, feedbackPairs } from '../../contract/pairs.js';
import type { ContractPort } from '../../contract/port.js';
import type { Model } from '../../ir/model.js';
import { type Role, roleOf } from '../inputs/roles.js';

/** Outputs are fed back as they are. */
export interface StatePlan {
  readonly kind: 'state';
  readonly pairs: readonly FeedbackPair[];
}

/**
 * The way in which a decoder's input grows with each token. A mask has ones for visible places, a gap has zeros there. A
 * place moves behind the tokens of the step.
 */
export type InputGrowth = 'ids' | 'mask' | 'gap' | 'positions' | 'lengths' | 'place' | 'as before';

/** The number for a visible place in a mask. */
export const seenIn: Partial<Record<InputGrowth, number>> = { mask: 1, gap: 0 };

/** The token with the largest logit goes in next, without those that the cache already holds. */
export interface TokensPlan {
  readonly kind: 'tokens';
  readonly ids: string;
  readonly logits: string;
  /** The number of tokens in the vocabulary. */
  readonly vocabulary: number;
  readonly pairs: readonly FeedbackPair[];
  /** The growing axis of each cache, by input; absent where the file does not tell. */
  readonly axes: ReadonlyMap<string, number>;
  readonly growth: ReadonlyMap<string, InputGrowth>;
  /** The input that tells whether there is a cache yet. */
  readonly branch?: string;
}

/** A sampler takes steps along the output, from noise. */
export interface DenoisePlan {
  readonly kind: 'denoise';
  readonly latent: string;
  readonly timestep: string;
  readonly output: string;
}

export type RolloutPlan = StatePlan | TokensPlan | DenoisePlan;

const idsName = /(^|_)ids?$|tokens?$/i;
const encoders = /enc|cross/i;
const noises = /^(timesteps?|t|sigmas?|noise_level|time_?step.*)$/i;
/** Latents, the likeliest name first. */
const latents = [
  /^(noisy_)?(latents?|sample)(_model_input)?$/i,
  /latent|sample|noisy/i,
  /^(x|x_t|hidden_states|input|img)$/i,
];

/** Undefined where no output feeds an input. Types are inferred on a copy, if the names suggest that it may pay off. */
export function planOf(model: Model): RolloutPlan | undefined {
  const inputs = model.graph.inputs.map(({ name }) => name);
  const outputs = model.graph.outputPorts.map(({ name }) => name);
  const nameOnly = (names: readonly string[]): ContractPort[] =>
    names.map((name) => ({ name, type: 'float32', dims: null }));
  const mayPair = feedbackPairs(nameOnly(inputs), nameOnly(outputs)).length > 0;
  if (!mayPair && !inputs.some((name) => idsName.test(name) || noises.test(name))) return undefined;
  const contract = contractOf(model);
  return (
    tokensPlan(model, contract) ??
    denoisePlan(contract) ??
    (contract.pairs.length ? { kind: 'state', pairs: contract.pairs } : undefined)
  );
}

const isInt = ({ type }: ContractPort): boolean => type === 'int64' || type === 'int32';
const isFloat = ({ type }: ContractPort): boolean => /float/.test(type);

function tokensPlan(model: Model, { inputs, outputs, pairs }: Contract): TokensPlan | undefined {
  const texts = inputs.filter((port) => isInt(port) && idsName.test(port.name) && port.dims?.length === 2);
  const ids =
    texts.find(({ name }) => /^(decoder_)?input_ids$/.test(name)) ?? (texts.length === 1 ? texts[0] : undefined);
  if (!ids) return undefined;
  const roles = new Map(model.graph.inputs.map((input) => [input.name, roleOf(model, input)]));
  const role = roles.get(ids.name);
  const below = role?.kind === 'ids' ? role.below : undefined;
  const logits = outputs.find((port) => isLogits(port, below));
  const width = logits?.dims?.at(-1);
  if (!logits || typeof width !== 'number') return undefined;
  // A cache that no output feeds would stand still while the text grows.
  const fed = new Set(pairs.map(({ input }) => input));
  if (inputs.some(({ name }) => /^past/.test(name) && !fed.has(name) && !encoders.test(name))) return undefined;
  if (!pairs.length && typeof ids.dims?.[1] === 'number') return undefined;
  const cache = notedCache(model);
  const still = new Set(cache?.masks.map(({ input }) => input));
  const branch = inputs.find(({ name, type }) => type === 'bool' && /^use_cache(_branch)?$/.test(name))?.name;
  return {
    kind: 'tokens',
    ids: ids.name,
    logits: logits.name,
    vocabulary: Math.min(width, below ?? width),
    pairs,
    axes: new Map(inputs.flatMap((port) => (fed.has(port.name) ? axisOf(port) : []))),
    growth: new Map(
      inputs.flatMap((port): [string, InputGrowth][] => {
        const isPlace = port.name === cache?.position;
        const growth = isPlace ? 'place' : port === ids ? 'ids' : growthOf(port, ids, roles.get(port.name));
        return growth && !fed.has(port.name) && !still.has(port.name) ? [[port.name, growth]] : [];
      }),
    ),
    ...(branch !== undefined && { branch }),
  };
}

/** True for logits: one number for each token of the vocabulary, or nearly. A few classes are no text. */
function isLogits(port: ContractPort, below: number | undefined): boolean {
  const width = port.dims?.at(-1);
  if (!isFloat(port) || typeof width !== 'number' || !port.dims || port.dims.length < 2 || port.dims.length > 3)
    return false;
  return below === undefined ? /logits/i.test(port.name) : width >= below / 2 && width <= 2 * below;
}

function growthOf(port: ContractPort, ids: ContractPort, role: Role | undefined): InputGrowth | undefined {
  const rank = port.dims?.length ?? 0;
  if (encoders.test(port.name) && !/^decoder/.test(port.name)) return undefined;
  if (role?.kind === 'mask' && rank === 2) return role.values === 'additive' || /pad/i.test(port.name) ? 'gap' : 'mask';
  if (role?.kind === 'positions') return 'positions';
  if (role?.kind === 'lengths' && role.of !== 'sequence') return 'lengths';
  // Token types: as many as ids, by one symbol of the dim.
  const length = ids.dims?.[1];
  return isInt(port) && rank === 2 && typeof length === 'string' && port.dims?.[1] === length ? 'as before' : undefined;
}

/** The last axis whose size a run tells, the batch aside. */
function axisOf({ name, dims }: ContractPort): [string, number][] {
  const axis = dims?.findLastIndex((dim, at) => at > 0 && typeof dim !== 'number') ?? -1;
  return axis > 0 ? [[name, axis]] : [];
}

function denoisePlan({ inputs, outputs }: Contract): DenoisePlan | undefined {
  const timestep = inputs.find(({ name, dims }) => noises.test(name) && (dims?.length ?? 0) <= 1);
  if (!timestep) return undefined;
  const [output] = outputs.filter((port) => isFloat(port) && (port.dims?.length ?? 3) >= 3);
  const candidates = inputs.filter(
    (port) => isFloat(port) && (port.dims?.length ?? 0) >= 3 && !encoders.test(port.name),
  );
  const latent = latents.map((name) => candidates.find((port) => name.test(port.name))).find(Boolean);
  return output && latent && { kind: 'denoise', latent: latent.name, timestep: timestep.name, output: output.name };
}
