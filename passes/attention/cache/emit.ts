/**
 * Emits com.microsoft GroupQueryAttention with a cache: query [B, S, N·D], new key and value [B, S, G·D], the cache [B, G, T, D]; a bias of padding [B|1, N|1, S, T];
 * output [B, S, N·D], and the cache again. Every batch is as long as its tensors; padding is left to the bias.
 *
 * The cache is handed in with the new keys behind the past, where the kernel writes them once more. Handed in as short as the past, it fails: the runtime takes
 * its buffer for the longer present, unless it is an input of the model. So it is written in place, and CUDA has its fastest kernel for that.
 *
 * The kernel rotates query and new key itself where that is one batch by one table (`rotary.ts`); else rotary embeddings stay in front.
 */
import type { Facts } from '../../../src/infer/index.js';
import { float } from '../../../src/ir/attribute.js';
import { type Dim, dimText } from '../../../src/ir/dims/dims.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { helps, Miss } from '../../../src/match/miss.js';
import { Rewriter } from '../../../src/match/rewriter.js';
import { sizeOf } from '../../../src/match/views/view.js';
import type { PassContext } from '../../../src/run/pass.js';
import { ancestorsOf } from '../../simplify/constant-model.js';
import { memo, type SharedBiases } from '../emit/bias.js';
import { inputsOf } from '../mask/causal.js';
import { mergedOf, separated, separatedKeys } from './heads.js';
import { rotationOf, tablesFor } from './rotary.js';
import type { CachedSite } from './site.js';
import { fillOfRows, withMean } from './whole-rows.js';

const CONTRIB = { domain: 'com.microsoft' } as const;
const OP = 'GroupQueryAttention';
/** The size of heads must be a multiple of this: of 8 on the CPU. */
const MULTIPLE = 16;
const LOWEST = -3.4028234663852886e38;

/** Replaces the site; a Miss where it stays. */
export function emitCached(
  site: CachedSite,
  facts: Facts,
  shared: SharedBiases,
  context: PassContext,
): Miss | undefined {
  const { node, query, key, value, heads, groups, causality } = site;
  const { elem } = node.output;
  if (!elem || !context.hasKernel(OP, CONTRIB.domain, 1, elem))
    return new Miss(`the target has no ${OP} for ${elem}`, node, helps.kernel);
  const size = sizeOf(key.axes[3] ?? []) as number;
  if (size % MULTIPLE !== 0) return new Miss(`${OP} wants heads whose size is a multiple of ${MULTIPLE}`, node);
  const bias = causality.isPure ? undefined : site.bias;
  if (bias && heads === groups)
    return new Miss('each head has keys of its own, and a mask: the kernel would read as much as these nodes', node);
  if (bias && bias.elem !== elem) return new Miss(`the bias is ${bias.elem}, and the rest ${elem}`, node);
  const found = bias && causality.mayBeWhole ? fillOfRows(bias, facts) : undefined;
  if (causality.mayBeWhole && found === undefined && site.rows !== 1)
    return new Miss('a row that is masked whole is shared out over later keys, which the kernel does not see', node);
  // One row that is masked whole gets the mean of the kernel itself, but zeros where the fill is the lowest number.
  const fill = site.rows !== 1 || (elem === 'float32' && found !== undefined && found <= LOWEST) ? found : undefined;
  const isFlat = query.shape?.length === 3;
  const [newKey, newValue] = [key, value].map(({ added }) => mergedOf(added, facts));
  const flat = isFlat ? { base: query, apply: () => query } : mergedOf(query, facts);
  if (!newKey || !newValue || !flat)
    return new Miss('the sizes of query, key and value are not known', node, helps.shape);
  const joined = [key.joined.output, value.joined.output];
  const rotation = isFlat && newKey.isMerged ? rotationOf(query, newKey.base, size) : undefined;
  const given = rotation
    ? [rotation.query, rotation.key, rotation.positions, ...rotation.tables]
    : [flat.base, newKey.base];
  const operands = [...given, newValue.base, key.past, value.past];
  const before = ancestorsOf(bias ? [...operands, bias] : operands);
  if (before.has(key.joined) || before.has(value.joined))
    return new Miss('what the kernel reads is computed from the cache that it makes', node);
  const reason = context.leaves(node);
  if (reason !== undefined) return new Miss(reason, node);

  const build = new Rewriter(node.graph, node.name);
  const values = newValue.apply(build);
  const [queries, keys] = rotation ? [rotation.query, rotation.key] : [flat.apply(build), newKey.apply(build)];
  const [last, total] = lengthsOf(build, shared, queries, site);
  const none = undefined;
  // The kernel writes the new keys over those that stand behind the past: what they are does not matter.
  const placed = rotation ? separatedKeys(build, keys, groups, size) : key.added;
  const caches = [
    build.op('Concat', [key.past, placed], { axis: 2 }),
    build.op('Concat', [value.past, value.added], { axis: 2 }),
  ];
  const tables = rotation ? tablesFor(build, shared, key.past, rotation) : [none, none];
  const rest = bias ? [...tables, none, bias] : rotation ? tables : [];
  const inputs = [queries, keys, values, ...caches, last, total, ...rest];
  const softcap = node.float('softcap', 0);
  const made = build.node(
    OP,
    inputs,
    {
      num_heads: heads,
      kv_num_heads: groups,
      scale: float(node.float('scale', 0) || 1 / Math.sqrt(size)),
      ...(softcap > 0 && { softcap: float(softcap) }),
      ...(rotation && { do_rotary: 1, rotary_interleaved: rotation.isInterleaved ? 1 : 0 }),
    },
    { ...CONTRIB, outputs: 3 },
  );
  const [output, ...present] = made.outputs as [Value, Value, Value];
  output.type = tensorType(elem, [query.shape?.[0] as Dim, site.rows, heads * size]);
  present.forEach((result, i) => {
    result.type = joined[i]?.type;
  });
  const rows =
    bias && fill !== undefined ? { bias, fill, values: present[1] as Value, heads, groups, size } : undefined;
  const whole = rows ? withMean(build, shared, output, rows, context) : output;
  const refused = context.replace({
    rule: 'cached attention',
    old: [node.output, ...joined],
    by: [isFlat ? whole : separated(build, whole, site), ...present],
    // A mask that is known by its structure keeps it when the rewrite runs alone.
    operands: [...operands, ...(bias ? inputsOf({ terms: [{ value: bias }] }, facts) : [])],
    facts,
    since: build.since,
  });
  return refused === undefined ? undefined : new Miss(refused, node);
}

/** The last key's index of each batch, and the number of keys: once for all sites of these sizes. */
function lengthsOf(
  build: Rewriter,
  shared: SharedBiases,
  query: Value,
  { rows, query: given, key: { axes, past } }: CachedSite,
) {
  const batch = given.shape?.[0] as Dim;
  const keys = sizeOf(axes[2] ?? []);
  const name = [batch, rows, keys].map(dimText).join(' ');
  const once = (what: string, make: () => Value): Value => memo(shared, `${what} ${name}`, make);
  if (typeof batch === 'number' && typeof keys === 'number') {
    const last = tensorOf('int32', Array<number>(batch).fill(keys - 1));
    return [once('last', () => build.constant(last)), once('total', () => build.constant('int32', keys))] as const;
  }
  const dim = (value: Value, axis: Value): Value => build.op('Gather', [build.op('Shape', [value]), axis]);
  const total = once('total', () => {
    const [before, own] = [dim(past, build.constant('int64', 2)), dim(query, build.constant('int64', 1))];
    return build.cast(build.op('Add', [before, own]), 'int32');
  });
  const last = once('last', () =>
    build.op('Expand', [build.op('Sub', [total, build.constant('int32', 1)]), dim(query, build.ints(0))]),
  );
  return [last, total] as const;
}
