/** Makes a graph smaller as long as it still fails: fewer outputs, nodes, attributes, inputs. */
import { inferTypes } from '../../../src/infer/index.js';
import type { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { equalTypes } from '../../../src/ir/types.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { sweep } from '../../../src/ir/whole-model/sweep.js';

/** One edit of a copy; false where it is none. */
type Edit = (copy: Model) => boolean;

const nodesOf = (model: Model): Node[] => [...model.graphs()].flatMap((graph) => [...graph.nodes()]);

/** Edits by kind, the boldest first; each counts places from the end. */
const kinds: readonly ((place: number) => Edit)[] = [
  (place) =>
    ({ graph }) => {
      if (graph.outputPorts.length < 2 || place >= graph.outputPorts.length) return false;
      const ports = graph.outputPorts.map((port, i) => ({ port, value: graph.outputs[i] as never }));
      graph.setOutputs(ports.filter((_, i) => i !== ports.length - 1 - place));
      return true;
    },
  (place) => (copy) => withNode(copy, place, (node, graph) => asInput(node, graph)),
  (place) => (copy) => withNode(copy, place, (node, graph) => bypassed(node, graph)),
  (place) => (copy) => withNode(copy, place, (node, graph) => plainer(node, graph)),
];

function withNode(copy: Model, place: number, edit: (node: Node, graph: Graph) => boolean): boolean {
  const node = nodesOf(copy).at(-1 - place);
  return node !== undefined && edit(node, node.graph);
}

/** Its outputs are given from outside. */
function asInput(node: Node, graph: Graph): boolean {
  if (graph !== graph.model.graph || node.inputs.every((value) => value?.isInput)) return false;
  let isDone = false;
  for (const value of node.outputs) {
    if (!value || value.uses.size === 0 || value.type?.kind !== 'tensor' || !value.shape) continue;
    const input = graph.input(`${value.name}_given`, value.type);
    graph.replaceUses(value, input);
    isDone = true;
  }
  return isDone;
}

/** Who reads its output reads an input of the same type instead. */
function bypassed(node: Node, graph: Graph): boolean {
  const [output] = node.outputs;
  const same = node.inputs.find((value) => value && output?.type && equalTypes(value.type, output.type));
  if (!output || !same) return false;
  graph.replaceUses(output, same);
  return true;
}

function plainer(node: Node, graph: Graph): boolean {
  if (node.name === '' && node.docString === '') return false;
  node.name = '';
  return graph !== undefined;
}

/** The smallest that was found within the tries. */
export async function minimise(model: Model, fails: (model: Model) => Promise<boolean>, tries = 400): Promise<Model> {
  let best = model;
  let left = tries;
  for (let isSmaller = true; isSmaller && left > 0; ) {
    isSmaller = false;
    for (const kind of kinds)
      for (let place = 0; place < nodesOf(best).length + best.graph.outputPorts.length && left > 0; ) {
        const copy = cloneModel(best);
        inferTypes(copy);
        let isEdit = false;
        try {
          isEdit = kind(place)(copy);
          if (isEdit) clean(copy);
        } catch {
          isEdit = false;
        }
        if (isEdit && left-- > 0 && (await fails(copy))) {
          best = copy;
          isSmaller = true;
        } else place++;
      }
  }
  return best;
}

/** Drops what nobody reads, inputs and functions included. */
function clean(model: Model): void {
  sweep(model);
  const { graph } = model;
  graph.setInputs(graph.inputs.filter(({ uses }) => uses.size > 0));
  for (let i = model.functions.length - 1; i >= 0; i--) {
    const one = model.functions[i] as (typeof model.functions)[number];
    if (!nodesOf(model).some((node) => model.functionOf(node) === one)) model.functions.splice(i, 1);
  }
}
