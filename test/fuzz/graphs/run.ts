/** Draws graphs one after another, checks each, and tells what was found. */

import type { Model } from '../../../src/ir/model.js';
import { RuntimeProcess } from '../../../src/runtime/isolate.js';
import { Random } from '../../../src/validate/inputs/random.js';
import type { FuzzOptions, FuzzSummary } from '../options.js';
import { builderText } from './builder-text.js';
import { type Finding, findingsOf } from './check.js';
import { drawModel } from './draw.js';
import { type List, listsFor } from './lists.js';
import { minimise } from './minimise.js';
import { originalOf } from './original.js';
import { loadPieces } from './recipes/standard.js';

/** One graph in so many runs its lists a second time, and on their own results. */
const THOROUGH = 10;
/** Graphs at once: while the runtime runs one, passes run on the other. */
const AT_ONCE = 2;

export async function fuzzGraphs({
  seed,
  seconds,
  first = 0,
  count = Number.POSITIVE_INFINITY,
  say,
}: FuzzOptions): Promise<FuzzSummary> {
  await loadPieces();
  const runtimes = await Promise.all(
    Array.from({ length: AT_ONCE }, () => RuntimeProcess.start({ timeoutMs: 20_000 })),
  );
  const end = performance.now() + seconds * 1000;
  const began = performance.now();
  const totals = { graphs: 0, valid: 0, lists: 0, findings: 0, nodes: 0 };
  const refusals = new Map<string, number>();
  let next = first;
  let toldAt = began;
  /** Findings that were made small already. */
  const told = new Set<string>();
  const one = async (number: number, runtime: RuntimeProcess): Promise<void> => {
    const random = Random.of(seed, `lists ${number}`);
    const lists = listsFor(random);
    totals.graphs++;
    const drawn = drawModel(seed, number);
    const feedSeed = random.int(0, 2 ** 31);
    const original = await originalOf(runtime, drawn, feedSeed);
    if (typeof original === 'string') {
      const reason = original.replace(/^.*?(Status Message|ORT_)/s, '').slice(0, 160);
      refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
      return;
    }
    totals.valid++;
    totals.nodes += drawn.graph.nodeSet.size;
    const isThorough = number % THOROUGH === 0;
    const findings = await findingsOf(runtime, original, lists, isThorough);
    totals.lists += lists.length;
    totals.findings += findings.length;
    for (const finding of findings) {
      say(findingText(seed, number, finding));
      const list = lists.find(({ passes }) => passes === finding.passes) as List;
      const key = keyOf(finding);
      const once = key.endsWith(' ') ? `${key}${number}` : key;
      if (told.has(once)) continue;
      told.add(once);
      const fails = async (model: Model): Promise<boolean> => {
        const smaller = await originalOf(runtime, model, feedSeed).catch(() => '');
        if (typeof smaller === 'string') return false;
        const found = await findingsOf(runtime, smaller, [list], isThorough);
        return found.some((one) => keyOf(one) === key);
      };
      say(builderText(await minimise(original.model, fails)));
    }
  };
  const turn = async (runtime: RuntimeProcess): Promise<void> => {
    while (next < first + count && performance.now() < end) {
      const number = next++;
      await one(number, runtime).catch((error: unknown) => {
        totals.findings++;
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        say(findingText(seed, number, { kind: 'crash', passes: 'before any', text }));
      });
      if (performance.now() - toldAt > 30_000) {
        toldAt = performance.now();
        say(
          `${totals.graphs} graphs, ${totals.findings} findings, ${(totals.graphs / ((toldAt - began) / 1000)).toFixed(1)} a second`,
        );
      }
    }
  };
  await Promise.all(runtimes.map(turn));
  await Promise.all(runtimes.map((runtime) => runtime.close()));
  const perSecond = totals.graphs / ((performance.now() - began) / 1000);
  const share = Math.round((100 * totals.valid) / Math.max(1, totals.graphs));
  const reasons = [...refusals].sort(([, a], [, b]) => b - a).slice(0, 3);
  for (const [reason, times] of reasons) say(`refused by the runtime ×${times}: ${reason}`);
  return {
    text: `graphs: ${totals.graphs} drawn (${share} % run, ${Math.round(totals.nodes / Math.max(1, totals.valid))} nodes each), ${totals.lists} lists, ${totals.findings} findings, ${perSecond.toFixed(1)} a second`,
    findings: totals.findings,
  };
}

const findingText = (seed: number, number: number, { kind, passes, text }: Finding): string =>
  `${kind}: --seed ${seed} --first ${number} --count 1, ${passes}: ${text}`;

/** What two findings of one cause share: their kind and words, without names and numbers. */
const keyOf = ({ kind, text }: Finding): string =>
  `${kind} ${['wrong', 'gate', 'twice'].includes(kind) ? '' : text.split('\n', 1)[0]?.replaceAll(/"[^"]*"|'[^']*'|\d+/g, '…')}`;
