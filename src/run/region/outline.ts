/** Repeated blocks become local functions of the model, one call for each repeat: what `inline` puts back. */
import { inferTypes } from '../../infer/index.js';
import { Graph } from '../../ir/graph.js';
import type { Model, ModelFunction } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { elementCount } from '../../ir/tensor.js';
import type { Value } from '../../ir/value.js';
import { findBlocks } from '../../match/blocks/index.js';
import { joinPieces, type Repeated } from './join.js';
import { isSameTensor } from './same.js';

/** The domain of the functions that are made here. */
const BLOCKS = 'onnx_passes.blocks';

/** What a report is told. */
interface Voice {
  note(text: string): void;
  skip(reason: string, about?: Node): void;
}

/** The IR version that brought local functions, and the first in which an initializer need not be an input. */
const FUNCTIONS = 8;
const INITIALIZERS = 4;

/** Equal constants up to this many elements are written into the function; a larger one is handed in. */
const SMALL = 64;

/** Makes a function of every repeated block of the main graph, whose types are inferred. */
export function outlineBlocks(model: Model, voice: Voice): void {
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
  if (instances.some(({ nodes }) => nodes.some((node) => node.bodies.length > 0))) return 'no function: it has bodies';
  return undefined;
}

/** One value of every instance, in their order; undefined where an input is left out. */
type Column = readonly Value[];

function outline(model: Model, { name, instances }: Repeated): ModelFunction {
  const { graph } = model;
  if (model.irVersion < FUNCTIONS) model.irVersion = FUNCTIONS;
  const own = instances.map(({ nodes }) => new Set(nodes));
  const body = new Graph(model, freeName(model, name), opsetsOf(model, instances[0]?.nodes ?? []));
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
    const first = column[0] as Value;
    const made = isWritten(column)
      ? body.constant(first.tensor as NonNullable<Value['tensor']>)
      : body.input(`i${given.length}`);
    if (!made.tensor) given.push({ place, index });
    byKey.set(key, made);
    return made;
  };
  const first = instances[0]?.nodes ?? [];
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
  results.forEach(({ value }, index) => {
    body.output(`o${index}`, value);
  });
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
    const call = graph.add(
      fn.name,
      // By now an instance before may be a call.
      given.map(({ place, index }) => nodes[place]?.inputs[index]),
      { domain: BLOCKS, outputs: results.map(({ column }) => column[at]?.name) },
    );
    results.forEach(({ column }, index) => {
      const [old, made] = [column[at], call.outputs[index]];
      if (!old || !made) return;
      made.type = old.type;
      made.isDeclared = old.isDeclared;
      made.carried = old.carried;
      for (const use of [...old.uses]) if (!own[at]?.has(use.node)) use.node.graph.setInput(use.node, use.index, made);
    });
    for (const node of [...nodes].reverse()) graph.remove(node);
  });
  for (const value of [...graph.constants]) if (value.uses.size === 0) graph.removeConstant(value);
  return fn;
}

/** Version 1.30 ends with a segmentation fault while it loads a function in which its own norms leave this default to it. */
const statedIn = (node: Node): Readonly<Record<string, number>> =>
  node.is('SimplifiedLayerNormalization') || (node.is('LayerNormalization') && (node.opset ?? 17) < 17)
    ? { stash_type: 1 }
    : {};

/** True for constants that all instances have alike, and that are small. */
function isWritten(column: Column): boolean {
  const [first] = column;
  if (!first?.tensor || first.isInput || elementCount(first.tensor.shape) > SMALL) return false;
  return column.every(({ tensor }) => tensor && isSameTensor(first.tensor as NonNullable<typeof tensor>, tensor));
}

function opsetsOf({ opsets }: Model, nodes: readonly Node[]): Map<string, number> {
  const domains = new Set(['', ...nodes.map(({ domain }) => domain)]);
  return new Map([...opsets].filter(([domain]) => domains.has(domain)));
}

/** `encoder layer` ⟶ `encoder_layer`, numbered where it is taken. */
function freeName({ functions }: Model, name: string): string {
  const base = name.replaceAll(/\W+/g, '_') || 'block';
  let free = base;
  for (let n = 2; functions.some((fn) => fn.name === free); n++) free = `${base}_${n}`;
  return free;
}
