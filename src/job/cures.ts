/** Finds what ends a node's fallback to the CPU: flags are named for a cause where a trial of them on the result ended it, by the kernel tables. */
import { fp32 } from '../../passes/fp32.js';
import { freeze } from '../../passes/freeze.js';
import { fullGraph } from '../../passes/full-graph.js';
import { opset } from '../../passes/opset.js';
import { simplify } from '../../passes/simplify.js';
import type { Model } from '../ir/model.js';
import { type Accelerator, isHost, providerOf, type TargetName } from '../ir/targets/targets.js';
import { ModelError, PassError } from '../ir/text/errors.js';
import { optimize } from '../optimize.js';
import type { Pass } from '../run/pass.js';
import { openDims } from '../validate/inputs/sizes.js';
import type { PlacementReport } from '../validate/placement.js';
import { placementByTables } from '../validate/placement-by-tables.js';

interface Candidate {
  /** Flags besides `--passes`. */
  readonly flags?: string;
  /** What is added to `--passes`. */
  readonly names: string;
  readonly passes: readonly Pass[];
}

/** A size for dims that are symbolic: the user knows a better one. */
const SIZE = 8;

/** What changes least goes first. */
function candidatesFor(result: Model): Candidate[] {
  const dims = Object.fromEntries(openDims(result).map((name) => [name, SIZE]));
  const flags = Object.keys(dims).map((name) => `--dim ${name}=${SIZE}`);
  return [
    { names: 'full-graph', passes: [fullGraph()] },
    { names: 'opset:to=21', passes: [opset({ to: 21 })] },
    { names: 'fp32', passes: [fp32()] },
    { names: 'fp32,full-graph', passes: [fp32(), fullGraph()] },
    ...(flags.length > 0
      ? [{ flags: flags.join(' '), names: 'simplify,full-graph', passes: [freeze({ dims }), simplify(), fullGraph()] }]
      : []),
  ];
}

/** The placement with causes, where only ops were measured, and with cures. `asked` are the passes of the job, as one writes them. */
export async function withCures(
  placement: PlacementReport,
  result: Model,
  target: TargetName,
  asked: string,
): Promise<PlacementReport> {
  const accelerator = providerOf(target);
  if (isHost(accelerator) || placement.names.length === 0) return placement;
  const causes = placement.causes ?? causesOf(placement, result, accelerator);
  const cures = new Map<string, string>();
  const open = new Set(causes.map(({ text }) => text));
  for (const { flags, names, passes } of candidatesFor(result)) {
    if (open.size === 0) break;
    const left = await leftBy(passes, result, target, accelerator);
    if (!left || left.names.length >= placement.names.length) continue;
    const stays = new Set(left.causes?.map(({ text }) => text));
    for (const text of open)
      if (!stays.has(text)) {
        cures.set(text, [flags, `--passes ${joined(asked, names)}`].filter(Boolean).join(' '));
        open.delete(text);
      }
  }
  return { ...placement, causes: causes.map(({ count, text }) => ({ count, text, cure: cures.get(text) })) };
}

/** What the tables say of the ops that fell back. */
function causesOf(
  { fallbacks }: PlacementReport,
  result: Model,
  target: Accelerator,
): NonNullable<PlacementReport['causes']> {
  const opOf = (text: string): string => text.split(' ', 1)[0]?.split('.').at(-1) ?? '';
  return (placementByTables(result, target).causes ?? []).filter(({ text }) => opOf(text) in fallbacks);
}

/** Where nodes would run after the passes; undefined where these do not apply. */
async function leftBy(
  passes: readonly Pass[],
  result: Model,
  target: TargetName,
  accelerator: Accelerator,
): Promise<PlacementReport | undefined> {
  try {
    const { model } = await optimize(result, passes, { target, verify: 'none', onGate: 'report' });
    return placementByTables(model, accelerator);
  } catch (error) {
    if (error instanceof ModelError || error instanceof PassError) return undefined;
    throw error;
  }
}

/** The passes of the job, and those of a candidate that are not among them. */
function joined(asked: string, names: string): string {
  const known = asked.split(/[\s,]+/).filter(Boolean);
  return [...known, ...names.split(',').filter((name) => !known.includes(name))].join(',');
}
