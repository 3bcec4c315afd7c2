/** Original and result of decoders, run on the same prompts: tokens that agree, divergence, drift, and the part and step that an error comes from. */
import type { ProgressListener } from '../../../ir/text/progress.js';
import { numberText, percentText } from '../../../ir/text/quantities.js';
import type { PipelineProof } from '../../../run/folder-report.js';
import type { Fidelity } from '../../../run/pass.js';
import type { Provider } from '../../../runtime/isolate.js';
import type { Gate } from '../../../validate/judge/gates.js';
import { measureMeanings } from '../../../validate/meaning/measures.js';
import type { PlannedPart } from '../../plan/planned-part.js';
import { partErrors, partGates } from '../part-errors.js';
import { configOf, distance, type Numbers, type Sides, tensor } from '../place.js';
import { inRuntime } from '../proof-run.js';
import { type DecoderLoop, type DecodingRun, type DecodingSettings, runDecoding } from './run.js';

interface DecodingProofSettings extends Partial<Omit<DecodingSettings, 'provider'>> {
  readonly provider: Provider;
  readonly gate: Gate;
  readonly fidelity: Fidelity;
}

type Ports = Pick<PlannedPart, 'plan' | 'inputs'>;

/** The decoders of a folder: models that read tokens, alone or after an encoder. */
export function decoderLoopsOf(parts: readonly Ports[]): DecoderLoop[] {
  const reads = ({ inputs }: Ports, pattern: RegExp): boolean => inputs.some((name) => pattern.test(name));
  const of = (role: string, reading = /(^|_)input_ids$/): Ports[] =>
    parts.filter((part) => part.plan.part.role === role && reads(part, reading));
  const pathOf = ({ plan }: Ports): string => plan.part.path;
  const encoder = parts.find(({ plan }) => plan.part.role === 'encoder');
  const loops: [Ports, Ports][] = [];
  const [withPast] = of('decoder with past');
  for (const first of of('decoder')) loops.push([first, withPast ?? first]);
  for (const merged of of('merged decoder')) loops.push([merged, merged]);
  for (const model of of('model')) if (reads(model, /^past_/)) loops.push([model, model]);
  return loops.map(([first, next]) => ({
    ...(encoder && reads(first, /^encoder_hidden_states/) && { encoder: pathOf(encoder) }),
    first: pathOf(first),
    next: pathOf(next),
  }));
}

/** Runs both sides of one decoder and judges. A model that does not run is a failure of its part. `other`: the models of the result, where they are others; then none is judged by itself. */
export async function proveDecoder(
  loop: DecoderLoop,
  { original, result }: Sides,
  { gate, fidelity, provider, ...given }: DecodingProofSettings,
  say: ProgressListener,
  other?: DecoderLoop,
): Promise<PipelineProof> {
  const config = await configOf(original.folder, loop.first);
  const settings: DecodingSettings = { steps: 32, rows: 2, prompt: 6, seed: 0, config, ...given, provider };
  const base = { seed: settings.seed, provider };
  const { proof } = await inRuntime(base, async (runtime) => {
    const a = await runDecoding(original, loop, settings, runtime, (text, left) => say(`original: ${text}`, left));
    const parts = await partErrors(other ? [] : a.runs, result, provider, runtime, (text, left) =>
      say(`each part: ${text}`, left),
    );
    const said: ProgressListener = (text, left) => say(`result: ${text}`, left);
    const b = await runDecoding(result, other ?? loop, settings, runtime, said, a.tokens);
    const decoding = decodingOf(loop, a, b);
    const gates = [...partGates(parts, gate), tokensGate(loop, decoding, gate, fidelity)];
    return { proof: { ...base, parts, decoding: [decoding.shown], gates } };
  });
  return proof;
}

interface Decoding {
  readonly shown: NonNullable<PipelineProof['decoding']>[number];
  /** The largest lead of the original's token over the result's where they differ, as a share of its largest logit. */
  readonly lead: number;
  /** Rows whose likeliest token leads clearly, and the share of them that keep it. */
  readonly clear: { readonly rows: number; readonly kept: number };
}

function decodingOf({ encoder, first, next }: DecoderLoop, a: DecodingRun, b: DecodingRun): Decoding {
  const [rows = 0, width = 0] = a.logits[0]?.shape ?? [];
  let [equal, lead] = [0, 0];
  a.tokens.forEach((tokens, step) => {
    tokens.forEach((token, row) => {
      const other = b.tokens[step]?.[row] as number;
      if (other === token) {
        equal++;
        return;
      }
      const own = (a.logits[step] as Numbers).values.subarray(row * width, (row + 1) * width);
      const scale = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      lead = Math.max(lead, ((own[token] as number) - (own[other] as number)) / scale);
    });
  });
  const measured = (x: readonly Numbers[], y: readonly Numbers[]) => measureOf(x, y, width);
  const whole = measured(a.logits, b.logits);
  return {
    lead,
    clear: { rows: whole?.samples ?? 0, kept: whole?.value ?? 1 },
    shown: {
      parts: [...new Set([...(encoder ? [encoder] : []), first, next])],
      rows,
      steps: a.logits.length,
      equal,
      of: rows * a.logits.length,
      divergence: a.logits.map((one, i) => measured([one], [b.logits[i] as Numbers])?.divergence ?? null),
      drift: a.logits.map((one, i) => distance(one, b.logits[i] as Numbers)),
    },
  };
}

/** What two lists of logits say of the same tokens; undefined where no token leads clearly. */
function measureOf(a: readonly Numbers[], b: readonly Numbers[], width: number) {
  const joined = (all: readonly Numbers[]) => {
    const values = all.flatMap((one) => [...one.values]);
    return tensor({ name: 'logits', type: 'float32', shape: [] }, values, [values.length / width, width]);
  };
  const meanings = new Map([['logits', { kind: 'tokens', axis: 1 } as const]]);
  return measureMeanings(meanings, { logits: joined(a) }, { logits: joined(b) }).measures.get('logits');
}

/** The drift of a coarse decoder grows if the last is at least this many times the first. */
const GROWS = 2;

/** Exact results choose the same tokens, but for ties. Coarser ones keep what leads clearly, and a cache makes them no worse. */
function tokensGate(
  { first }: DecoderLoop,
  { shown, lead, clear }: Decoding,
  gate: Gate,
  fidelity: Fidelity,
): PipelineProof['gates'][number] {
  const { equal, of, drift, divergence } = shown;
  const last = drift.at(-1) ?? 0;
  const lost = drift.findIndex((error) => !Number.isFinite(error));
  const grows = last > gate.maxError && last > GROWS * (drift[0] ?? 0) && equal < of;
  const isKept = fidelity === 'exact' ? lead <= 2 * gate.maxRel : clear.kept >= gate.minTop1;
  const started = drift.findIndex((error) => !(error <= gate.maxError));
  const found = divergence.filter((one) => one !== null);
  const mean = found.reduce((sum, one) => sum + one, 0) / Math.max(1, found.length);
  const passed = lost < 0 && !grows && isKept;
  return {
    name: `text of ${first}`,
    passed,
    detail: [
      `${equal} of ${of} tokens agree, ${percentText(clear.kept)} of those that lead clearly, at least ${percentText(fidelity === 'exact' ? 1 : gate.minTop1)}`,
      `divergence ${numberText(mean)} nats, drift of the logits ${numberText(drift[0] ?? 0)} to ${numberText(last)}`,
      ...(passed || started < 0 ? [] : [`they differ from step ${started + 1} on`]),
    ].join('; '),
  };
}
