/** One of two models that are compared: a copy with inferred types, names, blocks, constants. */

import { type BlockPlace, type Blocks, blockPlaces } from '../details/graph/blocks.js';
import { NodeNames } from '../details/graph/names.js';
import { inferTypes } from '../infer/index.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { parametersOf } from '../ir/tensors/parameters.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import type { Value } from '../ir/value.js';
import { cloneModel } from '../ir/whole-model/clone.js';

export interface DiffSide {
  readonly model: Model;
  readonly names: NodeNames;
  /** Every scope's, in dependency order within a scope. */
  readonly nodes: readonly Node[];
  readonly blocks: Blocks;
  readonly places: ReadonlyMap<Node, BlockPlace>;
  /** Constants, and inputs with a default, by the name that is theirs alone. */
  readonly constants: ReadonlyMap<string, Value>;
}

export function diffSide(original: Model): DiffSide {
  const model = cloneModel(original);
  inferTypes(model);
  const names = new NodeNames(model);
  const graphs = [...model.graphs()];
  const held = graphs.flatMap(({ constants, inputs }) => [...new Set([...constants, ...inputs])].filter(tensorOf));
  return {
    ...{ model, names, ...blockPlaces(model) },
    nodes: graphs.flatMap((graph) => [...graph.nodes()]),
    constants: new Map(held.map((value) => [names.ofValue(value), value])),
  };
}

/** The stored numbers of a value: also those that an input has where nothing is fed. */
export const tensorOf = ({ tensor, defaultTensor }: Value): Tensor | undefined => tensor ?? defaultTensor;

/** True for what is compared as a weight: numbers that training found, more than one. */
export const isWeight = (value: Value): boolean => parametersOf({ tensor: tensorOf(value) }) > 1;

export const opOf = ({ domain, opType }: Node): string => (domain ? `${domain}.${opType}` : opType);
