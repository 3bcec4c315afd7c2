/** Rollouts in words: how far the result drifted from the original, step by step. */
import { maxOf } from '../../ir/collections/lists.js';
import { decibelText, numberText } from '../../ir/text/quantities.js';
import type { Report } from '../../run/report/report.js';
import { counted } from '../style.js';
import { EMULATED } from './accuracy.js';

type Rollout = NonNullable<Report['rollout']>;

const bars = '▁▂▃▄▅▆▇█';

/** More steps share bars, the worst of them shows. */
const MOST_BARS = 32;

/** Decades below the limit that bars tell apart. */
const DECADES = 4;

/** Bars of the drift's logarithm, a step each: the highest is the limit or beyond. */
function sparkline(drift: readonly (number | null)[], limit: number | null): string {
  const top = limit ?? maxOf(drift.map((value) => value ?? 0));
  const level = (value: number): number => (value >= top ? 1 : Math.max(0, 1 + Math.log10(value / top) / DECADES));
  const each = Math.ceil(drift.length / MOST_BARS);
  const worst = (from: number): number =>
    maxOf(drift.slice(from, from + each).map((value) => value ?? Number.POSITIVE_INFINITY));
  const shown = Array.from({ length: Math.ceil(drift.length / each) }, (_, i) => worst(i * each));
  return shown.map((value) => bars[Math.min(bars.length - 1, Math.floor(level(value) * (bars.length - 1)))]).join('');
}

/** `cpu, given inputs: 4 steps, stateN → state`, `cpu, made-up inputs: 4 tokens of 2 texts, logits → input_ids and 4 others`. */
export function rolloutTitle({ fedBack, drift, tokens, provider, form, source }: Rollout): string {
  const [first, ...others] = fedBack;
  const more = others.length ? ` and ${counted(others.length, 'other')}` : '';
  const texts = tokens && drift.length ? ` of ${counted(tokens.of / drift.length, 'text')}` : '';
  const where = [
    provider,
    source === 'data' ? 'given inputs' : 'made-up inputs',
    ...(form === 'emulated' ? [EMULATED] : []),
  ];
  return `${where.join(', ')}: ${counted(drift.length, tokens ? 'token' : 'step')}${texts}, ${first?.output} → ${first?.input}${more}`;
}

/** Everything that was measured, in one line. */
export function rolloutText({ kind, drift, limit, tokens, psnr, of }: Rollout): string {
  const last = drift.at(-1);
  if (last === undefined) return 'not run';
  const value = (size: number | null): string => (size === null || !Number.isFinite(size) ? '∞' : numberText(size));
  const what = kind === 'denoise' ? 'the latent' : of;
  const bound = limit === null ? '' : ` (limit ${limit})`;
  return [
    `drift of ${what} ${value(drift[0] ?? null)} ${sparkline(drift, limit)} ${value(last)}${bound}`,
    ...(tokens ? [tokensText(tokens)] : []),
    ...(kind === 'denoise' ? [`PSNR ${decibelText(psnr)}`] : []),
  ].join(', ');
}

function tokensText({ equal, of, prefix, divergence }: NonNullable<Rollout['tokens']>): string {
  const parted = equal < of ? `, the first that differs at step ${prefix + 1}` : '';
  const most = maxOf(
    divergence.map((value) => value ?? Number.POSITIVE_INFINITY),
    0,
  );
  return `${equal} of ${of} tokens agree${parted}, KL up to ${numberText(most)}`;
}
