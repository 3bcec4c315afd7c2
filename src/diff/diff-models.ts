/** The difference of two models: by block and rewrite, weight by weight. */
import type { Model } from '../ir/model.js';
import { expectModel } from '../ir/text/errors.js';
import type { ModelDiff } from '../run/model-diff-schema.js';
import { headerDiff } from './header.js';
import { changesOf } from './nodes/changes.js';
import { NodePairs } from './nodes/pairs.js';
import { DiffPlaces } from './nodes/places.js';
import { countsOf, rewritesOf } from './nodes/rewrites.js';
import { diffSide } from './side.js';
import { weightPairs } from './weights/weights.js';

/**
 * Compares two models, as a file with what was made of it: which nodes were removed, added and changed, and where; which weights are stored otherwise, and
 * how far their numbers are off; ports, operator sets, metadata. Nothing is run. Both models stay as they are, and their weights are read in pieces.
 * Nodes are told apart by what they compute and by their names. Throws TypeError for an argument that is no model.
 */
export function diffModels(before: Model, after: Model): ModelDiff {
  for (const model of [before, after])
    expectModel(model, 'diffModels', 'Of files: diffModels(await readModel(path), …)');
  const [old, now] = [diffSide(before), diffSide(after)];
  const { pairs: constants, weights } = weightPairs(old, now);
  const pairs = new NodePairs(old, now, constants);
  const { same, changed } = changesOf(old, pairs);
  const found = {
    ...headerDiff(old.model, now.model),
    nodes: {
      same,
      removed: countsOf(old.nodes.filter((node) => !pairs.isPaired(node))),
      added: countsOf(now.nodes.filter((node) => !pairs.isPaired(node))),
      changed,
    },
    ...rewritesOf(old, now, pairs, new DiffPlaces(old, now, pairs)),
    weights,
  };
  const { opsets, ports, functions, metadata, rewrites } = found;
  const equal = [opsets, ports, functions, metadata, rewrites, changed, weights.list].every(
    (list) => list.length === 0,
  );
  return { version: 1, equal, ...found };
}
