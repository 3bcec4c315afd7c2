/**
 * Races two models of which a run or a load takes long: on the sessions that are there, until the interval decides, or nothing is left to be found.
 * Why this way. A difference is looked for after 3, 4 and 6 pairs in one place, each time by an interval of 99.8 %: together they call two
 * equal models different in less than 1 of 100 cases. One place may favour a model by a few percent, so what is found by a hair has to lie beyond that, and
 * to be found again by other sessions, in processes that change places.
 */

import type { Deadline } from '../../run/pipeline/deadline.js';
import type { Provider, Tensors } from '../../runtime/isolate.js';
import { type BothSides, type Heat, heat, pairOf, type RacedModel } from './heat.js';
import { type Race, raceOf } from './race.js';
import { type Estimate, estimateOf, HAIR, type TimePair } from './statistics.js';

/** The numbers of pairs after which a place may be left. */
const LOOKS = [3, 4, 6];
/** Pairs that a place gets, however long a run takes, and the most; two tell something where the deadline leaves no time for more. */
const [USUAL, MOST] = [3, 6];
const LEAST = 2;

/** An interval whose half width, as a logarithm, is below this tells all that matters: a difference of a tenth from none. */
const FAIR = 0.04;

/** A place favours a model by up to this ratio, about. */
const FAVOUR = 1.02;

const isBeyond = ({ interval }: Estimate, ratio: number): boolean => interval.low > ratio || interval.high < 1 / ratio;

/** True where the estimate is beyond a hair, either way. */
const isFar = (found: Estimate): boolean => isBeyond(found, HAIR);

/** True where more pairs in this place would tell nothing that matters. */
export function isSettled(pairs: readonly TimePair[]): boolean {
  if (!LOOKS.includes(pairs.length)) return false;
  const found = estimateOf(pairs);
  const half = Math.log(found.interval.high / found.interval.low) / 2;
  return isFar(found) || half <= FAIR;
}

/** The estimate from pairs of one place, and of another one where that is needed; `pairsIn` undefined: there is no time for it. */
export async function decide(
  pairsIn: (place: number) => Promise<readonly TimePair[] | undefined>,
): Promise<Estimate | undefined> {
  const pairs = await pairsIn(0);
  const found = pairs && estimateOf(pairs);
  if (!found || isFar(found)) return found;
  const others = isBeyond(found, FAVOUR) ? await pairsIn(1) : undefined;
  if (!others) return { ...found, significant: false };
  const again = estimateOf(others);
  return { ...again, significant: isBeyond(again, FAVOUR) && again.ratio > 1 === found.ratio > 1 };
}

export interface DuelOptions {
  readonly provider: Provider;
  /** Milliseconds of one run of each side on these feeds, on sessions that are parked. */
  readonly ran: BothSides<number>;
  /** Milliseconds of loading both. */
  readonly loadMs: number;
  /** Milliseconds for more pairs than the usual few. */
  readonly budgetMs: number;
  readonly deadline?: Deadline | undefined;
  readonly onProgress?: ((leftMs: number) => void) | undefined;
}

/** Undefined where the deadline leaves no time for two pairs. CPU time decides, of threads that sleep while they wait. */
export async function duel(
  raced: BothSides<RacedModel>,
  feeds: Tensors,
  { provider, ran, loadMs, budgetMs, deadline, onProgress }: DuelOptions,
): Promise<Race | undefined> {
  const pairMs = ran.original + ran.result;
  const most = Math.min(MOST, Math.max(USUAL, Math.floor(budgetMs / pairMs)));
  const left = (): number => deadline?.left() ?? Number.POSITIVE_INFINITY;
  const heats: Heat[] = [];
  const found = await decide(async (number) => {
    if (left() < LEAST * pairMs + (number > 0 ? loadMs + pairMs : 0)) return undefined;
    onProgress?.(Math.min(left(), most * pairMs));
    const one = await heat(raced, feeds, {
      ...{ load: { provider }, by: 'cpuMs', number, isLong: true, ran: number === 0 ? ran : undefined },
      isOver: (rounds) => {
        const pairs = rounds.map((round) => pairOf(round, 'cpuMs'));
        onProgress?.(Math.min(left(), Math.max(0, most - pairs.length) * pairMs));
        return isSettled(pairs) || pairs.length >= most || (pairs.length >= LEAST && left() < pairMs);
      },
    });
    heats.push(one);
    return one.rounds.map((round) => pairOf(round, 'cpuMs'));
  });
  return found && raceOf(heats, found, 'cpuMs');
}
