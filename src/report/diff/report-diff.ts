/** Two reports of the same model: this commit's against the baseline's. */
import { bytesText, numberText, ratioRangeText, ratioText } from '../../ir/text/quantities.js';
import { largestError } from '../../run/outcome.js';
import type { Report } from '../../run/report/report.js';

interface Pair<T> {
  readonly before: T;
  readonly after: T;
}

/** A difference of two reports, in JSON; what a report lacks is absent. Sizes are bytes, errors relative L2. */
export interface ReportDiff {
  readonly input: Pair<string>;
  readonly created: Pair<string>;
  readonly bytes?: Pair<number>;
  readonly nodes: Pair<number>;
  readonly error?: Pair<number>;
  /** `change`: the speed-up of the second over that of the first; below 1 is slower. The interval is as wide as both make it. */
  readonly speed?: Pair<number> & {
    readonly change: number;
    readonly interval: { readonly low: number; readonly high: number };
    readonly significant: boolean;
  };
  /** Passes that ended otherwise, or that only one of the two has. */
  readonly passes: readonly ({ readonly name: string } & Pair<string>)[];
  /** Gates that hold in the first and fail in the second. */
  readonly broken: readonly { readonly name: string; readonly detail: string }[];
  /** Why the two may not be comparable. */
  readonly warnings: readonly string[];
  readonly gates: readonly DiffGate[];
}

/** A gate on the second of two reports, and whether it holds. */
export interface DiffGate {
  readonly name: DiffGateName;
  readonly passed: boolean;
  readonly detail: string;
}

export const diffGateNames = ['not-slower', 'not-larger', 'not-less-exact'] as const;
/** What the second of two reports can be held to. */
export type DiffGateName = (typeof diffGateNames)[number];

/** Compares two reports; `asked` are the gates that the second has to hold. */
export function diffReports(before: Report, after: Report, asked: readonly DiffGateName[] = []): ReportDiff {
  const found = {
    input: { before: before.input ?? 'model', after: after.input ?? 'model' },
    created: { before: before.created, after: after.created },
    bytes: pairOf(bytesIn(before), bytesIn(after)),
    nodes: { before: before.model.after.nodes, after: after.model.after.nodes },
    error: pairOf(largestError(before), largestError(after)),
    speed: speedOf(before, after),
    passes: passesOf(before, after),
    broken: after.gates.filter(
      ({ name, passed }) => !passed && before.gates.every((gate) => gate.name !== name || gate.passed),
    ),
    warnings: warningsOf(before, after),
  };
  return { ...found, gates: asked.map((name) => gateOf(name, found)) };
}

const bytesIn = ({ output, planned }: Report): number | undefined => (output ?? planned)?.bytes;

const pairOf = <T>(before: T | undefined, after: T | undefined): Pair<T> | undefined =>
  before === undefined || after === undefined ? undefined : { before, after };

function speedOf(a: Report, b: Report): ReportDiff['speed'] {
  const [before, after] = [a, b].map(timesIn);
  if (!before || !after) return undefined;
  const interval = {
    low: after.interval.low / before.interval.high,
    high: after.interval.high / before.interval.low,
  };
  const significant = interval.low > 1 || interval.high < 1;
  return { before: before.ratio, after: after.ratio, change: after.ratio / before.ratio, interval, significant };
}

/** Equal bytes are not timed: they are as fast. */
const timesIn = ({
  speed,
  passes,
  notTimed,
}: Report): Pick<NonNullable<Report['speed']>, 'ratio' | 'interval'> | undefined =>
  speed ??
  (notTimed !== undefined && passes.every(({ status }) => status !== 'applied')
    ? { ratio: 1, interval: { low: 1, high: 1 } }
    : undefined);

function passesOf(before: Report, after: Report): ReportDiff['passes'] {
  const names = [...new Set([...before.passes, ...after.passes].map(({ name }) => name))];
  const stateIn = (report: Report, name: string): string =>
    report.passes.find((pass) => pass.name === name)?.status ?? 'not asked for';
  return names
    .map((name) => ({ name, before: stateIn(before, name), after: stateIn(after, name) }))
    .filter((one) => one.before !== one.after);
}

function warningsOf(a: Report, b: Report): string[] {
  const models = pairOf(a.hashes?.model.sha256, b.hashes?.model.sha256);
  const inputs = pairOf(setsIn(a), setsIn(b));
  return [
    ...(models && models.before !== models.after ? ['the two are of models of other contents'] : []),
    ...(a.target === b.target ? [] : [`the target was ${a.target}, and is ${b.target}`]),
    ...(a.machine?.cpu === b.machine?.cpu ? [] : [`times are of other machines: ${a.machine?.cpu}, ${b.machine?.cpu}`]),
    ...(inputs && inputs.before !== inputs.after ? ['errors are of other inputs'] : []),
  ];
}

const setsIn = ({ accuracy }: Report): string | undefined => accuracy?.inputs.join('\n');

/** Bytes beyond this share count: names and versions of tools are in the file too. */
const SAME_BYTES = 0.001;
/** Errors of the same arithmetic on other kernels are this far apart: a share, and the noise of float32 sums. */
const [SAME_ERROR, NOISE] = [0.1, 1e-5];

function gateOf(name: DiffGateName, found: Pick<ReportDiff, 'bytes' | 'error' | 'speed'>): DiffGate {
  const { bytes, error, speed } = found;
  if (name === 'not-larger' && bytes)
    return {
      name,
      passed: bytes.after <= bytes.before * (1 + SAME_BYTES),
      detail: `${bytesText(bytes.before)} → ${bytesText(bytes.after)}, at most ${100 * SAME_BYTES} % more`,
    };
  if (name === 'not-less-exact' && error)
    return {
      name,
      passed: error.after <= error.before * (1 + SAME_ERROR) + NOISE,
      detail: `relative L2 ${numberText(error.before)} → ${numberText(error.after)}, at most ${100 * SAME_ERROR} % more`,
    };
  if (name === 'not-slower' && speed)
    return {
      name,
      passed: !(speed.significant && speed.change < 1),
      detail: `${ratioText(speed.change)} ${ratioRangeText(speed.interval)}${speed.significant ? '' : ', not significant'}`,
    };
  return { name, passed: false, detail: `expected ${measured[name]} in both reports; found a report without` };
}

/** What a gate needs. */
const measured = {
  'not-larger': 'the bytes of a written file',
  'not-less-exact': 'a comparison with the original (no --no-validate)',
  'not-slower': 'times (no --no-validate, no --no-speed)',
} as const satisfies Record<DiffGateName, string>;
