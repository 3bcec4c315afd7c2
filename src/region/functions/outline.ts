/** Repeated blocks become local functions of the model, one call for each repeat: what `inline` puts back. */
import { inferTypes } from '../../infer/index.js';
import { Graph } from '../../ir/graph.js';
import type { Model, ModelFunction } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { isSameTensor } from '../../ir/tensors/same-tensor.js';
import { elementCount } from '../../ir/tensors/tensor.js';
import { freeName } from '../../ir/text/free-name.js';
import type { Value } from '../../ir/value.js';
import { findBlocks } from '../blocks/index.js';
import { joinPieces, type Repeated } from './join.js';
import { BLOCKS, Labels } from './labels.js';

/** What a report is told. */
interface OutlineReporter {
  note(text: string): void;
  skip(reason: string, about?: Node): void;
}

/** The IR version that brought local functions, and the first in which an initializer need not be an input. */
const FUNCTIONS = 8;
const INITIALIZERS = 4;

/** Equal constants up to this many elements are written into the function; a larger one is handed in. */
const SMALL = 64;

/** Makes a function of every repeated block of the main graph, whose types are inferred. */
export function outlineBlocks(model: Model, voice: OutlineReporter): void {
  if (model.irVersion < INITIALIZERS) {
    voice.skip(
      `no functions are made: the model is of IR version ${model.irVersion}, in which initializers are inputs`,
    );
    return;
  }
  if (model.functions.some(({ domain }) => domain === BLOCKS)) {
    voice.skip('its blocks are functions already: inline puts them back');
    return;
  }
  const { structure } = model;
  for (const block of joinPieces(model.graph, findBlocks(model.graph))) {
    const nodes = block.instances[0]?.nodes ?? [];
    const reason = refusal(block);
    if (reason) voice.skip(reason, nodes[0]);
    else {
      const { name } = outline(model, block);
      voice.note(`${block.instances.length} × ${block.name} (${nodes.length} nodes): calls of ${name}`);
    }
  }
  if (model.structure !== structure) inferTypes(model);
}

function refusal({ instances }: Repeated): string | undefined {
  if (instances[0]?.nodes.length === 1) return 'no function: it is one call already';
  if (instances.some(({ nodes }) => nodes.some((node) => node.bodies.length > 0))) return 'no function: it has bodies';
  return undefined;
}

/** One value of every instance, in their order; undefined where an input is left out. */
type InstanceValues = readonly Value[];

function outline(model: Model, { name, instances }: Repeated): ModelFunction {
  if (model.irVersion < FUNCTIONS) model.irVersion = FUNCTIONS;
  const [first = []] = instances.map(({ nodes }) => nodes);
  const own = instances.map(({ nodes }) => new Set(nodes));
  const body = new Graph(model, functionName(model, name), opsetsOf(model, first));
  const labels = labelsOf(instances);
  /** Where each input of the function is read first. */
  const given: { readonly place: number; readonly index: number }[] = [];
  const byKey = new Map<string, Value>();
  const copies = new Map<Value, Value>();
  /** What stands in the body for a value that is read from outside. */
  const outside = (place: number, index: number): Value => {
    const column = instances.map(({ nodes }) => nodes[place]?.inputs[index] as Value);
    const key = column.map(({ sequence }) => sequence).join();
    const known = byKey.get(key);
    if (known) return known;
    const made = isWritten(column)
      ? body.constant(column[0]?.tensor as NonNullable<Value['tensor']>)
      : body.input(
          labels.input(
            namesOf(column),
            column.some(({ producer }) => producer),
          ),
        );
    if (!made.tensor) given.push({ place, index });
    byKey.set(key, made);
    return made;
  };
  first.forEach((node, place) => {
    const inputs = node.inputs.map((value, index) => {
      if (!value) return undefined;
      if (value.producer && own[0]?.has(value.producer)) return copies.get(value);
      return outside(place, index);
    });
    const { opType, domain, overload, attributes } = node;
    const copy = body.add(opType, inputs, {
      domain,
      overload,
      name: labels.node(instances.map(({ nodes }) => nodes[place]?.name ?? '')),
      attributes: { ...statedIn(node), ...Object.fromEntries(attributes) },
      outputs: node.outputs.map((value, index) => value && `v${place}${index ? `_${index}` : ''}`),
    });
    node.outputs.forEach((value, index) => {
      const made = copy.outputs[index];
      if (value && made) copies.set(value, made);
    });
  });
  const results = first.flatMap((node, place) =>
    node.outputs.flatMap((value, index) => {
      if (!value) return [];
      const column = instances.map(({ nodes }) => nodes[place]?.outputs[index] as Value);
      const isRead = column.some((one, at) => [...one.uses].some((use) => !own[at]?.has(use.node)));
      return isRead ? [{ column, value: copies.get(value) as Value }] : [];
    }),
  );
  for (const { column, value } of results)
    body.output(
      labels.output(
        namesOf(column),
        column.every(({ isOutput }) => isOutput),
      ),
      value,
    );
  const fn: ModelFunction = {
    domain: BLOCKS,
    name: body.name,
    overload: '',
    graph: body,
    attributes: [],
    defaults: new Map(),
    docString: '',
  };
  model.functions.push(fn);
  instances.forEach(({ nodes }, at) => {
    // By now an instance before may be a call.
    const inputs = given.map(({ place, index }) => nodes[place]?.inputs[index]);
    call(
      fn,
      nodes,
      labels.calls[at] ?? '',
      inputs,
      results.map(({ column }) => column[at]),
    );
  });
  for (const value of [...model.graph.constants]) if (value.uses.size === 0) model.graph.removeConstant(value);
  return fn;
}

const namesOf = (column: InstanceValues): readonly string[] => column.map(({ name }) => name);

function labelsOf(instances: Repeated['instances']): Labels {
  const [first = []] = instances.map(({ nodes }) => nodes);
  const column = <T>(pick: (nodes: readonly Node[]) => T): T[] => instances.map(({ nodes }) => pick(nodes));
  const constants = first.flatMap((node, place) =>
    node.inputs.flatMap((_, index) => {
      const values = column((nodes) => nodes[place]?.inputs[index]);
      return values.every((value) => value?.tensor) ? [values.map((value) => value?.name ?? '')] : [];
    }),
  );
  return new Labels(
    first.map((_, place) => column((nodes) => nodes[place]?.name ?? '')),
    constants,
  );
}

/** Puts a call in the place of the nodes. It goes by the name of what it gives first, unless that is an output of the graph: each name costs bytes. */
function call(
  fn: ModelFunction,
  nodes: readonly Node[],
  name: string,
  inputs: readonly (Value | undefined)[],
  results: readonly (Value | undefined)[],
): void {
  const { graph } = nodes[0] as Node;
  const outputs = results.map((value) => (name && !value?.isOutput ? name : value?.name));
  const made = graph.add(fn.name, inputs, { domain: BLOCKS, name: outputs[0] === name ? '' : name, outputs });
  const own = new Set(nodes);
  // A weight's type and shape stand with its numbers: to state them again says nothing.
  for (const value of inputs) if (value?.tensor && !value.isInput && !value.carried) value.declared = undefined;
  results.forEach((old, index) => {
    const value = made.outputs[index];
    if (!old || !value) return;
    value.type = old.type;
    value.declared = old.declared;
    value.carried = old.carried;
    for (const use of [...old.uses]) if (!own.has(use.node)) use.node.graph.setInput(use.node, use.index, value);
  });
  for (const node of [...nodes].reverse()) graph.remove(node);
}

/** Version 1.30 ends with a segmentation fault while it loads a function in which its own norms leave this default to it. */
const statedIn = (node: Node): Readonly<Record<string, number>> =>
  node.is('SimplifiedLayerNormalization') || (node.is('LayerNormalization') && (node.opset ?? 17) < 17)
    ? { stash_type: 1 }
    : {};

/** True for constants that all instances have alike, and that are small. */
function isWritten(column: InstanceValues): boolean {
  const [first] = column;
  if (!first?.tensor || first.isInput || elementCount(first.tensor.shape) > SMALL) return false;
  return column.every(({ tensor }) => tensor && isSameTensor(first.tensor as NonNullable<typeof tensor>, tensor));
}

function opsetsOf({ opsets }: Model, nodes: readonly Node[]): Map<string, number> {
  const domains = new Set(['', ...nodes.map(({ domain }) => domain)]);
  return new Map([...opsets].filter(([domain]) => domains.has(domain)));
}

/** `encoder layer` ⟶ `encoder_layer`, numbered where it is taken. */
const functionName = ({ functions }: Model, name: string): string =>
  freeName(name.replaceAll(/\W+/g, '_') || 'block', (one) => functions.some((fn) => fn.name === one));
