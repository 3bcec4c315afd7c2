/** Placement in words: what leaves the accelerator, why, and what ends it. */
import type { Report } from '../../run/report/report.js';
import { counted } from '../style.js';

type Placement = NonNullable<Report['placement']>;

/** One sentence; `isWhole`: no node is elsewhere. */
export function placementText(placement: Placement): { readonly text: string; readonly isWhole: boolean } {
  const { provider, source, fallbacks } = placement;
  const isWhole = Object.keys(fallbacks).length === 0;
  const copies = counted(placement.copies, 'copy', 'copies');
  if (source === 'tables')
    return {
      text: `by the kernel tables of ${provider}, which is not here: ${predictedText(placement, copies)}`,
      isWhole,
    };
  const whose = source === 'partition' ? ' (it takes nodes here, and computes nothing)' : '';
  if (isWhole)
    return {
      text: `every node ${whose ? 'is placed' : 'ran'} on ${provider}${whose}, shape arithmetic aside`,
      isWhole,
    };
  const ops = Object.entries(fallbacks).map(([op, n]) => `${n} ${op}`);
  return { text: `not on ${provider}${whose}: ${ops.join(', ')} (${copies})`, isWhole };
}

function predictedText({ fallbacks, unplaced = {} }: Placement, copies: string): string {
  const open = Object.entries(unplaced).map(([op, n]) => `${n} ${op}`);
  const hosted = Object.entries(fallbacks).flatMap(([op, n]) =>
    n > (unplaced[op] ?? 0) ? [`${n - (unplaced[op] ?? 0)} ${op}`] : [],
  );
  const parts = [
    ...(hosted.length ? [`${hosted.join(', ')} would run on the CPU (${copies} a run)`] : []),
    ...(open.length
      ? [`where ${open.join(', ')} would run is not known: the CPU is not known to have a kernel either`]
      : []),
  ];
  return parts.join('; ') || 'it has a kernel for every node, shape arithmetic aside';
}

/** Each cause with its number of nodes, and what ends it, where that is known. */
export const causeTexts = ({
  causes = [],
}: Placement): { readonly text: string; readonly cure: string | undefined }[] =>
  causes.map(({ count, text, cure }) => ({ text: `${count} × ${text}`, cure }));
