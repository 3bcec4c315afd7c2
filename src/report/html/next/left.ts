/** Opportunities where passes left something as it is: sites, weights, places. */

import { appendTo } from '../../../ir/collections/lists.js';
import type { DetailedReport } from '../details.js';
import { nodeOf } from '../facts.js';
import { explainCommand } from './commands.js';
import type { Opportunity } from './opportunity.js';

/** The time that the nodes of these names take, by the profile; undefined where none has one. */
function timeOf({ graph }: DetailedReport, names: Iterable<string>): number | undefined {
  if (!graph) return undefined;
  const wanted = new Set(names);
  const times = graph.after.nodes.flatMap(({ name, ms }) => (wanted.has(name) && ms !== undefined ? [ms] : []));
  return times.length ? times.reduce((sum, ms) => sum + ms, 0) : undefined;
}

/** That time as what could be saved at most, or why it is not known. */
export function timeSaved(report: DetailedReport, names: readonly string[]): Pick<Opportunity, 'ms' | 'unknown'> {
  const ms = timeOf(report, names);
  if (ms !== undefined) return { ms };
  if (names.length === 0) return { unknown: 'It is about the model as a whole.' };
  const isProfiled = report.graph?.after.nodes.some((node) => node.ms !== undefined);
  return { unknown: isProfiled ? 'The profile has no time for these nodes.' : 'No run was profiled.' };
}

/** Sites that no rule holds at, those of one reason together. */
export function notFused(report: DetailedReport): Opportunity[] {
  const groups = new Map<
    string,
    { pass: string; site: NonNullable<DetailedReport['passes'][number]['sites']>[number] }[]
  >();
  for (const { name: pass, sites = [] } of report.passes)
    for (const site of sites) if (!site.fused) appendTo(groups, `${site.kind} ${site.reason ?? ''}`, { pass, site });
  return [...groups].map(([key, group]) => {
    const [{ site, pass }] = group as [(typeof group)[number]];
    const places = group.map((one) => one.site.at);
    return {
      key: `not fused ${key}`,
      kind: 'not fused',
      title: `${group.length} × ${site.kind} not fused by ${pass}`,
      why: site.reason ?? 'no rule holds',
      ...{ count: group.length, places },
      ...timeSaved(report, places.map(nodeOf)),
      ...(site.help && { help: site.help }),
      command: explainCommand(report, site.at),
    };
  });
}

/** Of float32 the share that 16 bits save; of 16 bits that of 8. */
const HALF = 0.5;

/** They stay float by what they are, as `coverage/left.ts` words it. */
const SCALES = /^scales of quantized weights/;

/** Passes that store weights in fewer bits. */
export const isNarrowing = (pass: string): boolean => /^(?:int8|int4|bf16|fp16|fp8|fit)$/.test(pass);

/** Where no pass says it of places of its own, those that store weights have the options. */
export const leftInFloat = ({ coverage, passes }: DetailedReport): Opportunity[] =>
  (coverage?.left ?? [])
    .filter(({ reason }) => !SCALES.test(reason))
    .map(({ reason, type, bytes, weights }) => {
      const pass = (
        passes.find(({ skips }) => skips.some((skip) => skip.reason === reason)) ??
        passes.find(({ name }) => isNarrowing(name))
      )?.name;
      return {
        key: `left ${type} ${reason}`,
        kind: 'left in float',
        title: `${weights.length === 1 ? 'One weight' : `${weights.length} weights`} left in ${type}`,
        why: reason,
        ...{ count: weights.length, places: weights.map(({ name }) => name) },
        bytes: Math.round(bytes * HALF),
        ...optionsOf(pass),
      };
    });

/** No command is known that changes it: the options of the pass may. */
export const optionsOf = (pass: string | undefined): Pick<Opportunity, 'help' | 'command'> =>
  pass === undefined
    ? { help: 'Passes that store weights in fewer bits:', command: 'optimize passes' }
    : { help: `The options of ${pass} that may change it:`, command: `optimize passes ${pass}` };

/** Reasons of fusing passes stand at their sites, those of weights in the coverage. */
export function leftByPasses(report: DetailedReport): Opportunity[] {
  const told = new Set([
    ...(report.coverage?.left.map(({ reason }) => reason) ?? []),
    ...report.passes.flatMap(({ sites = [] }) => sites.flatMap(({ reason }) => reason ?? [])),
  ]);
  return report.passes.flatMap(({ name, skips }) =>
    skips
      .filter(({ reason }) => !told.has(reason))
      .map(({ reason, count, places }): Opportunity => {
        return {
          key: `left ${name} ${reason}`,
          kind: 'left',
          title: `${name} left ${places.length ? `${count} place${count === 1 ? '' : 's'}` : 'the model'} as it is`,
          why: reason,
          ...{ count, places },
          ...timeSaved(report, places.map(nodeOf)),
          ...optionsOf(name),
        };
      }),
  );
}
