/** Takes out of a model what no runtime needs. Ports, metadata and numbers stay. */
import { inferTypes } from '../../src/infer/index.js';
import { rememberNames } from '../../src/ir/former-names.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { storedTensors } from '../../src/ir/tensors/constants.js';
import { equalTypes, type Type } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { isUsual } from './usual.js';

/** Where all but the numbers takes more than this share of a file, a promise about bytes counts on what can be left out. */
export const SMALL_FILE = 0.05;

/** Of a file of so many bytes, the share that is no number of a constant. */
export function structureShare(model: Model, bytes: number): number {
  let numbers = 0;
  for (const graph of model.graphs()) for (const { byteLength } of storedTensors(graph)) numbers += byteLength;
  return bytes > 0 ? (bytes - numbers) / bytes : 0;
}

/** Edits the model itself. */
export function compacted(model: Model): void {
  forgetTypes(model);
  const names = new ShortNames(model);
  model.docString = '';
  for (const graph of model.graphs()) for (const value of graph.constants) rememberNames(value);
  for (const graph of model.graphs()) {
    graph.docString = '';
    for (const value of graph.values()) if (!value.isInput && !isPort(value)) names.give(value);
    for (const node of graph.nodeSet) compactNode(graph, node);
  }
}

/** What an output port gives keeps its name: the writer would have to rename it. */
const isPort = (value: Value): boolean => [...value.uses].some(({ node }) => node.isEnd);

function compactNode(graph: Graph, node: Node): void {
  node.name = '';
  node.docString = '';
  for (const [name, attribute] of node.attributes)
    if (isUsual(node, name, attribute)) graph.setAttribute(node, name, undefined);
}

/** Declared types of inner values that inference finds without them. */
function forgetTypes(model: Model): void {
  const copies = new Map<Value, Value>();
  const copy = cloneModel(model, undefined, copies);
  const declared = [...copies].filter(([value]) => value.declared && !value.isInput);
  for (const [, own] of declared) {
    own.declared = undefined;
    own.infer(own.tensor ? own.type : undefined);
  }
  inferTypes(copy);
  for (const [value, own] of declared)
    if (isEqual(value.declared, own.type)) {
      value.declared = undefined;
      value.carried = undefined;
    }
}

const isEqual = (declared: Type | undefined, found: Type | undefined): boolean =>
  declared !== undefined && found !== undefined && equalTypes(declared, found);

/** Names of a letter or a few, none of them that of a port. */
class ShortNames {
  readonly #taken: ReadonlySet<string>;
  #count = 0;

  constructor(model: Model) {
    const ports = [...model.graphs()].flatMap(({ inputs, outputPorts }) => [...inputs, ...outputPorts]);
    this.#taken = new Set(ports.map(({ name }) => name));
  }

  give(value: Value): void {
    let name = '';
    do name = (this.#count++ + FIRST).toString(36);
    while (this.#taken.has(name));
    value.name = name;
  }
}

/** `a`: names begin with a letter, as some readers ask for it. */
const FIRST = 10;
