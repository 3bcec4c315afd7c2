/** Describes a rotation in the kernel's terms: the axes of batch, positions and heads among the leading ones. */
import { type Dim, equalDims, productOf } from '../../src/ir/dims/dims.js';
import type { Shape } from '../../src/ir/types.js';
import { leadOf } from '../../src/match/views/lanes.js';
import type { Rotation } from './rotation.js';
import type { Selection } from './table.js';

/**
 * The kernel's forms of the input: heads before positions [B, N, S, D], heads inside the last axis [B, S, N·D], of which one head
 * [B, S, D], and positions before all else, [S, N, D] or [S, B, N, D], are cases.
 */
export interface RotaryLayout {
  readonly form: 'B N S D' | 'B S N D' | 'B S D' | 'S … D';
  /** The axis of the table's shape that holds the batch, where every row of it has rows of its own. */
  readonly batchAxis: number | undefined;
  readonly positionAxis: number;
  readonly heads: Dim;
}

const forms = new Map<string, RotaryLayout['form']>([
  ['3 2', 'B N S D'],
  ['3 1', 'B S N D'],
  ['2 1', 'B S D'],
  ['3 0', 'S … D'],
  ['2 0', 'S … D'],
  ['1 0', 'S … D'],
]);

/** The layout that both tables agree on, or why the kernel has none. */
export function layoutOf(rotation: Rotation, cos: Selection, sin: Selection): RotaryLayout | string {
  const lead = leadOf(rotation.y.value.shape as Shape, rotation.y.rank);
  const [a, b] = [varying(cos, lead), varying(sin, lead)];
  if (typeof a === 'string') return a;
  if (typeof b === 'string') return b;
  if (a.join() !== b.join()) return 'cos and sin run over different axes';
  const last = lead.length - 1;
  // One table for all: where the positions are one, it is theirs.
  const single = [last, last - 1].find((axis) => axis >= 0 && lead[axis] === 1);
  const isPerBatch = a.length === 2 || (a.length === 1 && a[0] === 0 && lead.length > 1 && single !== undefined);
  const position = a.length === 2 ? a[1] : isPerBatch || a.length === 0 ? single : a[0];
  if (position === undefined) return 'every position is turned by the same angle';
  const form = a.length <= 2 && (!isPerBatch || a[0] === 0) ? forms.get(`${lead.length} ${position}`) : undefined;
  if (!form)
    return `the table runs over axes ${a.join(', ')} of ${lead.length}: expected positions, or batch and positions`;
  const missing = lead.length - rankOfLead(cos);
  return {
    form,
    batchAxis: isPerBatch ? 0 - missing : undefined,
    positionAxis: position - missing,
    heads: headsOf(form, lead),
  };
}

function headsOf(form: RotaryLayout['form'], lead: Shape): Dim {
  if (form === 'S … D') return productOf(lead.slice(1));
  return form === 'B N S D' ? (lead[1] as Dim) : form === 'B S N D' ? (lead[2] as Dim) : 1;
}

const rankOfLead = ({ value, rank }: Selection): number => (value.shape as Shape).length - rank;

/** The leading axes of the result that a table runs over, counted as the result's; or why they are not the result's. */
function varying({ value, rank }: Selection, lead: Shape): number[] | string {
  const own = leadOf(value.shape as Shape, rank);
  const missing = lead.length - own.length;
  if (missing < 0) return 'the table has more axes than what it rotates';
  const axes: number[] = [];
  for (const [i, dim] of own.entries()) {
    if (dim === 1) continue;
    if (!equalDims(dim, lead[i + missing] as Dim)) return 'the table is not known to be as long as the input';
    axes.push(i + missing);
  }
  return axes;
}
