/** simplify: what computes nothing, or the same again, goes. To a fixpoint, in every scope. */
import { z } from 'zod';
import { type Facts, inferTypes } from '../src/infer/index.js';
import type { Model } from '../src/ir/model.js';
import { sweep } from '../src/ir/whole-model/sweep.js';
import { definePass, type PassContext } from '../src/run/pass.js';
import { skipExpands } from './simplify/broadcast.js';
import { shortenChains } from './simplify/chains.js';
import { liftConstantNodes, mergeConstants } from './simplify/constants.js';
import { decideContents } from './simplify/contents.js';
import { mergeFactors } from './simplify/factors.js';
import { Folding } from './simplify/fold.js';
import { simplifyGemm } from './simplify/gemm.js';
import { removeIdentities } from './simplify/identities.js';
import { decideIfs, inlineConstantIfs } from './simplify/inline-if.js';
import { absorbAffine } from './simplify/linear.js';
import { absorbPads } from './simplify/pads.js';
import { joinSlices, rejoinParts } from './simplify/parts.js';
import { leaveOutZeroStates } from './simplify/states.js';
import { mergeSubexpressions } from './simplify/subexpressions.js';
import { leaveOutUnread } from './simplify/unread-outputs.js';
import { simplifyViews } from './simplify/views.js';

/** The steps of a round, in this order; each leaves the model valid. */
const ideas: readonly ((model: Model, facts: Facts, context: PassContext) => void)[] = [
  decideIfs,
  inlineConstantIfs,
  removeIdentities,
  decideContents,
  simplifyViews,
  shortenChains,
  skipExpands,
  simplifyGemm,
  absorbPads,
  mergeFactors,
  leaveOutZeroStates,
  leaveOutUnread,
  mergeConstants,
  mergeSubexpressions,
  joinSlices,
  rejoinParts,
];

export const simplify = definePass({
  name: 'simplify',
  summary: 'Removes what computes nothing or the same again: dead code, identities, duplicates, constant parts.',
  fidelity: 'exact',
  clears: true,
  needs: ['types'],
  options: z.object({}),
  async run(model, _, context) {
    if (!context.evaluate) context.skip('constants are not folded: there is no runtime here to evaluate them');
    const folding = new Folding(model, context);
    liftConstantNodes(model);
    // Nodes without readers make no demands.
    sweep(model);
    // One idea leaves work for another, so rounds go on until one changes nothing.
    for (let structure = -1; structure !== model.structure; ) {
      structure = model.structure;
      const facts = inferTypes(model);
      for (const idea of ideas) idea(model, facts, context);
      sweep(model);
      // Leaves arithmetic over constants to the folding that follows; that must know their sizes.
      if (context.evaluate && absorbAffine(model, facts)) inferTypes(model);
      await folding.round(model);
      sweep(model);
    }
    folding.report();
  },
});
