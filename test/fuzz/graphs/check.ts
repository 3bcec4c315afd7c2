/**
 * One graph through its lists of passes, each result beside the original in onnxruntime with its own optimizations off.
 *
 * Passes run unverified, so that the verifier hides nothing. Of a list that rounds or quantizes, a result beyond its gate is a finding
 * where the default verification lets it through.
 */
import { optimize } from '../../../src/index.js';
import { append } from '../../../src/ir/collections/lists.js';
import type { Model } from '../../../src/ir/model.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import type { Report } from '../../../src/run/report/report.js';
import type { RuntimeProcess } from '../../../src/runtime/isolate.js';
import { ODD, ORDINARY } from './feeds.js';
import { changedTwice, exactDifference, inconsistency, keyOf, lossyDifference, verified } from './judge.js';
import { isPlain, type List } from './lists.js';
import { type Original, outputsOf } from './original.js';

type FindingKind = 'crash' | 'refused' | 'wrong' | 'gate' | 'twice' | 'written' | 'differs' | 'report';

export interface Finding {
  readonly kind: FindingKind;
  readonly passes: string;
  readonly text: string;
}

/** How much is checked besides: `isThorough` runs each list a second time, its passes on their own results, and the last with the default verification. */
export async function findingsOf(
  runtime: RuntimeProcess,
  original: Original,
  lists: readonly List[],
  isThorough = false,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const seen = new Set<string>([keyOf(original.bytes)]);
  for (const list of lists) append(findings, await checkList(runtime, original, list, seen, isThorough));
  const last = lists.at(-1) as List;
  const text = isThorough ? await verified(runtime, original, last).catch(crashText) : undefined;
  if (text) findings.push({ kind: text.startsWith(CRASH) ? 'crash' : 'refused', passes: last.passes, text });
  return findings;
}

/** Whether a pass says that it takes scores to be of ordinary size: then only ordinary inputs are judged. Wild ones are for passes that edit no arithmetic. */
const assumes = ({ passes }: Report): boolean =>
  passes.some(({ notes }) => notes.some(({ text }) => text.includes('whose score is taken to be above')));

const CRASH = 'it ends with ';
const crashText = (error: unknown): string =>
  CRASH + (error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error));

async function checkList(
  runtime: RuntimeProcess,
  original: Original,
  list: List,
  seen: Set<string>,
  isThorough: boolean,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const say = (kind: FindingKind, text: string): unknown => findings.push({ kind, passes: list.passes, text });
  const apply = (model: Model) =>
    optimize(model, list.passes, { verify: 'none', target: 'cpu', regional: list.regional });
  let bytes: Uint8Array;
  let result: { model: Model; report: Report };
  try {
    result = await apply(original.model);
    bytes = await writeModel(result.model);
  } catch (error) {
    return [
      {
        kind: 'crash',
        passes: list.passes,
        text:
          error instanceof Error
            ? `${error.name}: ${error.message}\n${error.stack ?? ''}\n${(error.cause as Error | undefined)?.stack ?? ''}`
            : String(error),
      },
    ];
  }
  const { report } = result;
  // Where one repeat is compiled for many, what a pass leaves is counted by what it stands for: a node between two repeats may be counted with both.
  const totals = report.repeats ? undefined : inconsistency(report, result.model);
  if (totals) say('report', totals);
  const key = keyOf(bytes);
  if (seen.has(key)) return findings;
  seen.add(key);
  try {
    if (keyOf(await writeModel(await readModel(bytes))) !== key) say('written', 'reads back as something else');
    if (isThorough) {
      if (keyOf(await writeModel((await apply(original.model)).model)) !== key)
        say('differs', 'a second run gives other bytes');
      const twice = await changedTwice(original.model, list);
      if (twice) say('twice', twice);
    }
  } catch (error) {
    say('crash', crashText(error));
  }
  const limit = assumes(report) ? ORDINARY : isPlain(list) ? Number.POSITIVE_INFINITY : ODD;
  const found = await outputsOf(runtime, bytes, original.feeds.slice(0, limit));
  for (const [index, given] of found.entries()) {
    if (original.outputs[index] === undefined) continue;
    if (typeof given === 'string') {
      say('refused', given);
      break;
    }
    const differ = list.isExact ? exactDifference : lossyDifference;
    const text = await differ(runtime, original, index, given, list).catch(crashText);
    if (text) say(text.startsWith(CRASH) ? 'crash' : list.isExact ? 'wrong' : 'gate', `inputs ${index}: ${text}`);
    if (text) break;
  }
  return findings;
}
