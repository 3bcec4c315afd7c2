/**
 * Emits com.microsoft MultiHeadAttention for a site: query [B, S, N·D]; key and value both [B, T, N·D], or both
 * [B, N, T, D]; a bias [B|1, N|1, S, T]; output [B, S, N·Dv].
 *
 * The operands are taken from before the exporter's splits and transposes where views show that this is the same tensor.
 */

import type { Facts } from '../../src/infer/index.js';
import { float } from '../../src/ir/attribute.js';
import { multiplyDims } from '../../src/ir/dims.js';
import { tensorOf } from '../../src/ir/numbers.js';
import { tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { Miss } from '../../src/match/miss.js';
import { type Factor, isBase, viewOf } from '../../src/match/view.js';
import { biasMiss, biasOf, type SharedBiases } from './bias.js';
import { Builder } from './builder.js';
import { type Dims, dimsOf } from './dims.js';
import { headsInner, keyAndValue, queryOf } from './operands.js';
import type { AttentionSite } from './site.js';

/** Replaces the site by one node, or says why the kernel cannot hold it: then nothing was edited. */
export function emitAttention(site: AttentionSite, facts: Facts, shared: SharedBiases): Miss | undefined {
  const { graph } = site.context;
  const query = site.scores.inputs[0] as Value;
  const keyTransposed = site.scores.inputs[1] as Value;
  const value = site.context.inputs[1] as Value;
  const dims = biasMiss(site) ?? dimsOf(site);
  if (dims instanceof Miss) return dims;
  const { batch, heads, rows, valueSize, rank } = dims;
  const name = site.scores.name || site.softmax.name;
  const builder = new Builder(graph, name, rank);

  let { scale } = site;
  const q = queryOf(builder, query, dims, facts);
  scale *= q.scale;
  const pair = keyAndValue(builder, keyTransposed, value, facts);
  scale *= pair.scale;
  const operands = { query: q.value, key: { value: pair.key, rank: pair.rank } };
  const bias = biasOf(builder, site, dims, operands, shared);

  const output = builder.attention([q.value, pair.key, pair.value, undefined, undefined, bias], {
    num_heads: heads,
    scale: float(scale),
  });
  const elem = query.elem as 'float32';
  output.type = tensorType(elem, [batch, rows, multiplyDims(heads, valueSize)]);
  let merged = output;
  if (site.isGuarded) {
    const isMasked = builder.op('IsNaN', [output]);
    merged = builder.op('Where', [isMasked, graph.constant(tensorOf(elem, 0)), output]);
    merged.type = output.type;
  }
  connect(builder, site, merged, dims, facts);
  return undefined;
}

/** Everyone who read the context reads the kernel's output: as it is where they merged the heads, else split again. */
function connect(builder: Builder, site: AttentionSite, merged: Value, { heads, valueSize }: Dims, facts: Facts): void {
  const { graph } = builder;
  const context = site.context.output;
  if (builder.rank === 3) {
    graph.replaceUses(context, merged);
    return;
  }
  for (const value of viewsOf(context)) {
    const view = viewOf(value, facts);
    if (view?.base !== context || view.scale !== 1 || view.axes.length !== 3) continue;
    const [batch, head, rows, columns] = view.baseAxes as [Factor[], Factor[], Factor[], Factor[]];
    if (isBase({ ...view, baseAxes: view.axes }, [batch, rows, [...head, ...columns]]))
      graph.replaceUses(value, merged);
  }
  if (context.uses.size === 0) return;
  const split = builder.op('Reshape', [
    merged,
    builder.ints(0, 0, heads, typeof valueSize === 'number' ? valueSize : -1),
  ]);
  graph.replaceUses(context, builder.op('Transpose', [split], { perm: headsInner }));
}

/** The values that are reached from one through a few view ops. */
function viewsOf(value: Value, depth = 3): Value[] {
  if (depth === 0) return [];
  return value.users.flatMap((node) => {
    const isView =
      node.domain === '' &&
      /^(Transpose|Reshape|Identity|Squeeze|Unsqueeze)$/.test(node.opType) &&
      node.inputs[0] === value;
    return isView ? [node.output, ...viewsOf(node.output, depth - 1)] : [];
  });
}
