/** A model as the report describes it: with inferred types, names, and the same at known sizes. */
import { type InputShapes, sizedModel } from '../coverage/sized.js';
import { inferTypes } from '../infer/index.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { cloneModel } from '../ir/whole-model/clone.js';
import { NodeNames } from './graph/names.js';
import type { TypedModel } from './graph/side.js';

/** Copies the model: it stays as it is. `shapes`: of its inputs. */
export function typedModel(original: Model, shapes: InputShapes): TypedModel {
  const model = cloneModel(original);
  inferTypes(model);
  const sized = pairedNodes(model, sizedModel(model, shapes).model);
  return { model, names: new NodeNames(model), sized: (node) => sized.get(node) };
}

/** The nodes of a model, each with that of its copy. */
export function pairedNodes(model: Model, copy: Model): Map<Node, Node> {
  const copies = [...copy.graphs()].flatMap(({ nodeSet }) => [...nodeSet]);
  const nodes = [...model.graphs()].flatMap(({ nodeSet }) => [...nodeSet]);
  return new Map(nodes.map((node, index) => [node, copies[index] as Node]));
}
