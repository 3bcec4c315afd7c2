import { describe, expect, it } from 'vitest';
import { keptOf, type RaceOutcome, type Trial, whyLeftOut } from '../../../src/run/tune/trial.js';

const timed = (low: number, ratio: number, high: number, significant = low > 1 || high < 1): RaceOutcome => ({
  kind: 'timed',
  ratio,
  interval: { low, high },
  significant,
  runs: 20,
  inputs: '',
});
const slower = timed(0.7, 0.8, 0.9);
const same = timed(0.9, 1.02, 1.1);
const faster = timed(1.2, 1.3, 1.4);
const failed: RaceOutcome = { kind: 'failed', reason: 'no kernel' };
const unknown: RaceOutcome = { kind: 'unknown', reason: 'no inputs' };

/** Trials in order: first the variant that was asked for, then the others. */
const trials = (...outcomes: (RaceOutcome | undefined)[]): Trial[] =>
  outcomes.flatMap((outcome, variant) => (outcome ? [{ variant, outcome }] : []));

describe('keptOf', () => {
  it.each<[string, RaceOutcome, number | undefined, number | undefined]>([
    ['slower', slower, undefined, undefined],
    ['inside the noise', same, 0, undefined],
    ['faster', faster, 0, 0],
    ['not running', failed, undefined, undefined],
    ['not measured', unknown, 0, 0],
    ['slower by an interval that was taken from too few runs', timed(0.7, 0.8, 0.9, false), 0, undefined],
  ])('decides on what is %s', (_, outcome, exact, lossy) => {
    expect(keptOf(trials(outcome), false)).toBe(exact);
    expect(keptOf(trials(outcome), true)).toBe(lossy);
  });

  it.each<[string, (RaceOutcome | undefined)[], number | undefined]>([
    ['takes another variant whose interval lies above', [faster, timed(1.45, 1.5, 1.6)], 1],
    ['stays with what was asked for in a tie', [faster, timed(1.35, 1.5, 1.6)], 0],
    ['takes the fastest of several', [faster, timed(1.45, 1.5, 1.6), timed(1.7, 1.8, 1.9)], 2],
    ['takes the first of several in a tie', [faster, timed(1.45, 1.5, 1.6), timed(1.5, 1.6, 1.7)], 1],
    ['takes a faster one for one that is slower', [slower, timed(1.05, 1.1, 1.2)], 1],
    ['takes a faster one for one that does not run', [failed, timed(1.05, 1.1, 1.2)], 1],
    ['takes none that is not significantly faster', [slower, same, timed(1.05, 1.1, 1.2, false)], undefined],
    ['takes a faster one where what was asked for does nothing', [undefined, timed(1.05, 1.1, 1.2)], 1],
    ['stays with doing nothing else', [undefined, same], 0],
    ['takes none that does not run', [faster, failed, unknown], 0],
  ])('%s', (_, outcomes, kept) => {
    expect(keptOf(trials(...outcomes), false)).toBe(kept);
  });

  it('decides nothing where nothing was raced', () => {
    expect(keptOf([], true)).toBe(0);
  });
});

it.each<[RaceOutcome, number, string]>([
  [slower, 12, 'takes 1.25× the time on one of 12 instances (1.11–1.43)'],
  [same, 12, 'is not significantly faster on one of 12 instances: 1.02× (0.90–1.10)'],
  [failed, 1, 'does not run on the whole model: no kernel'],
])('whyLeftOut says the reason', (outcome, instances, text) => {
  expect(whyLeftOut(outcome, instances)).toBe(text);
});

it('never leaves out a pass that saves bytes, and takes a form of it only where it is faster than the one asked for', () => {
  expect(keptOf(trials(slower), true, true)).toBe(0);
  expect(keptOf(trials(slower, timed(0.85, 0.88, 0.95)), true, true)).toBe(0);
  expect(keptOf(trials(slower, timed(0.95, 0.97, 0.99)), true, true)).toBe(1);
});
