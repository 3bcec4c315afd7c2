/** The order of passes where the written one would hide from a fusion what it looks for. */
import type { Pass } from '../pass.js';

/** A pass, and where it was moved to. */
export interface Placed {
  readonly pass: Pass;
  /** The name of the pass that it goes behind; undefined where it stays where it was written. */
  readonly behind: string | undefined;
}

/** The reason that a pass was moved. */
export const reasonOfPlace = ({ pass, behind }: Placed): string =>
  pass.definition.awaits
    ? `ran behind ${behind}: it looks for what that leaves`
    : `ran behind ${behind}: casts would hide from fusions what they look for`;

/**
 * A pass that narrows floats goes behind the fusions that directly follow it, and behind what tidies up between them: casts around islands of float32 cut the
 * formulas that these look for. So `fp16,exact` is `exact,fp16`. What awaits both goes behind the last of them.
 */
export function inOrder(asked: readonly Pass[]): Placed[] {
  const leaves = ({ definition }: Pass): boolean => definition.fuses === true || definition.narrows === true;
  const last = asked.findLastIndex(leaves);
  const late = asked.filter(({ definition }, index) => definition.awaits && index < last);
  const behindAll = narrowedLast(asked.slice(0, last + 1).filter((pass) => !late.includes(pass)));
  const behind = behindAll.at(-1)?.pass.definition.name;
  return [...behindAll, ...late.map((pass) => ({ pass, behind })), ...narrowedLast(asked.slice(last + 1))];
}

function narrowedLast(list: readonly Pass[]): Placed[] {
  const found: Placed[] = [];
  let held: Pass[] = [];
  let at = 0;
  const release = (behind: string | undefined) => {
    for (const pass of held) found.push({ pass, behind });
    held = [];
  };
  while (at < list.length) {
    const pass = list[at++] as Pass;
    if (!pass.definition.narrows) {
      found.push({ pass, behind: undefined });
      continue;
    }
    held.push(pass);
    while (list[at]?.definition.narrows) held.push(list[at++] as Pass);
    const rest = list.slice(at);
    const end = rest.findIndex(({ definition }) => !definition.fuses && !definition.clears);
    const last = rest.slice(0, end < 0 ? rest.length : end).findLastIndex(({ definition }) => definition.fuses);
    const passed = rest.slice(0, last + 1);
    for (const one of passed) found.push({ pass: one, behind: undefined });
    at += passed.length;
    release(passed.at(-1)?.definition.name);
  }
  return found;
}
