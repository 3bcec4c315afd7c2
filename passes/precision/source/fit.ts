/** Prepares a model in other floats than float32 for a precision pass: types that the target does not compute in become float32. */
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { computesIn, isHost, type Target } from '../../../src/ir/targets/targets.js';
import type { Narrow } from '../../../src/ir/whole-model/widen.js';
import type { PassContext } from '../../../src/run/pass.js';
import { isMovement, precisionOf } from '../ops.js';
import { needsFloat64 } from './float64.js';
import { withoutFloat32 } from './staying.js';
import { type WidenedType, widen } from './widen.js';

/** Smaller constants are not worth a Cast. */
const MIN_STORED = 1024;

/**
 * Makes float64 layers float32, and also 16-bit floats that the target has no kernels for; their weights stay stored in 16 bits.
 * `own` is the type that the pass itself makes: nodes in it stay, and nodes in the other 16-bit type are widened, so that the pass can narrow them.
 */
export function fitSource(model: Model, context: PassContext, own?: Narrow): void {
  const staying = new Set<Node>();
  const part = new Set<WidenedType>();
  const whole = foreignTypes(model, context, own);
  for (const type of ['float16', 'bfloat16'] as const) {
    const nodes = whole.has(type) ? [] : nodesOf(model, type);
    if (nodes.every(isMovement)) continue;
    const kept = nodes.filter((node) => isCall(node) || canCompute(node, type, context));
    if (kept.length < nodes.length) part.add(type);
    for (const node of kept) staying.add(node);
  }
  widenTypes(model, context, { whole, part, staying });
}

/** Makes float32 of the types that a target does not compute in, as a fusion needs it: kernels of fused operators are in the types that it does. */
export function widenForeign(model: Model, context: PassContext): void {
  widenTypes(model, context, { whole: foreignTypes(model, context), part: new Set(), staying: new Set() });
}

/** What is asked of a target. */
type Kernels = Pick<PassContext, 'target' | 'hasKernel'>;

/** The floats that nodes of the model compute in, and the target does not; bfloat16 also where it cannot move it. */
export function foreignTypes(model: Model, host: Kernels, own?: Narrow): Set<WidenedType> {
  const { target } = host;
  const found = new Set<WidenedType>();
  for (const type of ['float16', 'bfloat16', 'float64'] as const) {
    const nodes = nodesOf(model, type);
    // Nodes that only move elements leave them stored: rows of a table are widened behind them.
    if (nodes.every(isMovement) && (type !== 'bfloat16' || isMoved(model, nodes, host))) continue;
    if (type === 'float64' ? nodes.some(isLayer) : !isComputed(type, own, target)) found.add(type);
  }
  return found;
}

/** True where numbers of bfloat16 that are only moved can stay: a host takes and gives none, and has kernels for some operators alone. */
const isMoved = ({ graph }: Model, nodes: readonly Node[], host: Kernels): boolean =>
  !(isHost(host.target) && [...graph.inputs, ...graph.outputs].some(({ elem }) => elem === 'bfloat16')) &&
  nodes.every((node) => isCall(node) || canCompute(node, 'bfloat16', host));

interface Widened {
  readonly whole: ReadonlySet<WidenedType>;
  /** Types of which some nodes become float32. */
  readonly part: ReadonlySet<WidenedType>;
  readonly staying: Set<Node>;
}

function widenTypes(model: Model, context: PassContext, { whole, part, staying }: Widened): void {
  const types = new Set([...whole, ...part]);
  if (types.size === 0) return;
  for (const found of [withoutFloat32(model, types), needsFloat64(model)])
    for (const [node, reason] of found) {
      staying.add(node);
      context.skip(reason, node);
    }
  const count = widen(
    model,
    {
      types,
      staying,
      keepsPort: (type) => type !== 'bfloat16',
      keepsScope: (type) => part.has(type),
      minStored: MIN_STORED,
    },
    context,
  );
  if (count === 0) return;
  const { target, note } = context;
  if (whole.size > 0)
    note(`what was computed in ${listText([...whole])} is computed in float32; large weights stay stored as they are`);
  if (part.size > 0) note(`computed in float32 where ${target} has no kernels for ${listText([...part])}`);
}

/** The nodes whose outputs have a type, except Casts to it, and lookups of stored rows that a Cast widens. */
function nodesOf(model: Model, type: WidenedType): Node[] {
  const gives = (node: Node): boolean =>
    !node.is('Cast') && !isLookup(node) && node.outputs.some((value) => value?.elem === type);
  return [...model.graphs()].flatMap((graph) => [...graph.nodeSet].filter(gives));
}

/** Cast(Gather(constant, …)): the rows of a table that is stored narrow. */
const isLookup = (node: Node): boolean =>
  node.is('Gather') && node.inputs[0]?.tensor !== undefined && node.output.users.every((user) => user.is('Cast'));

/** True where nodes stay in the type: the pass makes it, or, if the pass makes none, the target computes in it. */
const isComputed = (type: Narrow, own: Narrow | undefined, target: Target): boolean =>
  own ? type === own : computesIn(target, type);

const isCall = (node: Node): boolean => node.bodies.length > 0 || node.graph.model.functionOf(node) !== undefined;

/** True where the target has a kernel in the type. Without one in float32 either, float16 runs on the CPU; bfloat16 does not. */
function canCompute({ opType, domain, opset = 1 }: Node, type: Narrow, { hasKernel }: Kernels): boolean {
  if (hasKernel(opType, domain, opset, type)) return true;
  return type === 'float16' && !hasKernel(opType, domain, opset, 'float32');
}

const isLayer = (node: Node): boolean => precisionOf(node).isLayer === true;

const listText = (types: readonly string[]): string => types.join(' and ');
