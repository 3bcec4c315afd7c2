/** What is done with a part of a folder: the passes that were asked for, changed where its role says so, with the reason. */

import { passes as catalogue } from '../../../passes/index.js';
import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { bytesText } from '../../ir/text/quantities.js';
import { UsageError, unknownText } from '../../ir/text/usage-error.js';
import type { Value } from '../../ir/value.js';
import { type Catalogue, parsePasses } from '../../run/parse.js';
import type { Pass } from '../../run/pass.js';
import type { FolderLayout, FolderPart } from './layout.js';

export interface PartPlan {
  readonly part: FolderPart;
  /** Undefined for a part that is copied. */
  readonly passes?: readonly Pass[];
  /** What the role of the part changes in the passes, and why; or why it is copied. */
  readonly reasons: readonly string[];
}

/** Settings of one part, by its name. */
export type PartSettings = Readonly<Record<string, { readonly passes: string }>>;

/** Reads `vae_decoder:passes=exact`: passes of a part, `none` to copy it. Throws UsageError for text of another form. */
export function partSettingsIn(texts: readonly string[]): PartSettings {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, passes] = /^([^:]+):passes=(.+)$/s.exec(text) ?? [];
      if (!name || !passes)
        throw new UsageError(`--part: expected name:passes=a,b,… or name:passes=none; found "${text}"`);
      return [name, { passes }] as const;
    }),
  );
}

/** Throws UsageError where a setting names no part. */
export function checkPartNames(settings: PartSettings, { parts }: FolderLayout): void {
  const known = parts.flatMap(({ name, path }) => [name, path]);
  for (const name of Object.keys(settings))
    if (!known.includes(name)) throw new UsageError(`--part: ${unknownText('part', name, known)}`);
}

/** The plan for one part, whose model was read. */
export function partPlan(
  part: FolderPart,
  model: Model,
  asked: readonly Pass[],
  settings: PartSettings,
  given: Catalogue,
): PartPlan {
  const own = (settings[part.name] ?? settings[part.path])?.passes;
  if (own === 'none') return { part, reasons: ['copied: --part says so'] };
  if (own !== undefined) return { part, passes: parsePasses(own, given), reasons: ['its passes are those of --part'] };
  if (part.role === 'variant') return { part, reasons: ['copied: it has fewer bits already, of a file beside it'] };
  const changes = [sparePixels(part), spareLatents(part, model)];
  const reasons: string[] = [];
  let passes = asked;
  for (const change of changes) {
    const changed = change?.(passes);
    if (!changed) continue;
    passes = changed.passes;
    reasons.push(changed.reason);
  }
  return { part, passes, reasons };
}

type Change = (passes: readonly Pass[]) => { readonly passes: readonly Pass[]; readonly reason: string } | undefined;

const { int4, int8 } = catalogue;
const quantizers = [int4, int8].map(({ definition }) => definition.name);

/** 4 bits show in pixels, and a VAE is a small share of a pipeline: it gets 8. */
const sparePixels = ({ role }: FolderPart): Change | undefined =>
  role === 'VAE decoder' || role === 'VAE encoder'
    ? (passes) => {
        const four = passes.find(({ definition: { name } }) => name === int4.definition.name);
        if (!four) return undefined;
        const hasEight = passes.some(({ definition: { name } }) => name === int8.definition.name);
        const { keep } = four.options as { readonly keep: string[] };
        const eight = hasEight ? [] : [int8({ compute: false, keep })];
        return {
          passes: passes.flatMap((pass) => (pass === four ? eight : [pass])),
          reason: 'weights of 8 bits instead of 4, which show in pixels',
        };
      }
    : undefined;

/** The layers that read the latent itself and write it decide on every pixel, and are small: they keep their bits. */
const spareLatents = ({ role }: FolderPart, model: Model): Change | undefined =>
  role === 'denoiser'
    ? (passes) => {
        const ends = endLayers(model.graph);
        const quantizing = passes.filter(({ definition: { name } }) => quantizers.includes(name));
        if (ends.length === 0 || quantizing.length === 0) return undefined;
        const names = ends.map(({ name }) => name);
        const bytes = ends.reduce((sum, node) => sum + (node.inputs[1]?.tensor?.byteLength ?? 0), 0);
        return {
          passes: passes.map((pass) => (quantizing.includes(pass) ? keeping(pass, names) : pass)),
          reason: `${names.join(' and ')} keep their weights (${bytesText(bytes)}): they read and write the latent itself`,
        };
      }
    : undefined;

const keeping = (pass: Pass, names: readonly string[]): Pass => {
  const options = pass.options as { readonly keep: readonly string[] };
  return { ...pass, options: { ...options, keep: [...options.keep, ...names] } };
};

const layers = ['Conv', 'MatMul', 'Gemm'];
const isLayer = ({ opType, inputs, name }: Node): boolean =>
  name !== '' && layers.includes(opType) && inputs[1]?.tensor !== undefined;

/** The layers next to the latent, an input or output of three axes or more: the first that reads it, and the last that writes it. */
function endLayers({ inputs, outputs }: Graph): Node[] {
  const isLatent = (value: Value | undefined): boolean =>
    value?.type?.kind === 'tensor' && (value.type.shape?.length ?? 0) >= 3;
  const latent =
    inputs.find((value) => isLatent(value) && /sample|latent|hidden_states$/.test(value.name)) ?? inputs.find(isLatent);
  const first =
    latent &&
    nearest(
      [latent],
      (value) => [...value.uses].map(({ node }) => node),
      (node) => node.outputs,
    );
  const last = nearest(
    outputs.filter(isLatent),
    (value) => (value.producer ? [value.producer] : []),
    (node) => node.inputs,
  );
  return [...new Set([first, last].filter((node) => node !== undefined))];
}

/** The layer that is the fewest nodes away, within a few. */
function nearest(
  from: readonly Value[],
  nodesAt: (value: Value) => readonly Node[],
  valuesAt: (node: Node) => readonly (Value | undefined)[],
): Node | undefined {
  let values = from;
  for (let steps = 0; steps < 6; steps++) {
    const nodes = values.flatMap(nodesAt);
    const found = nodes.find(isLayer);
    if (found) return found;
    values = nodes
      .flatMap((node) => valuesAt(node))
      .filter((value) => value !== undefined && value.tensor === undefined) as Value[];
  }
  return undefined;
}
