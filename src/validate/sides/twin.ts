/**
 * Gives the original ports that can be compared with a flattened result's: operators behind it take any sequence or
 * optional apart. They read the types alone, so the comparison depends as little as possible on how the pass read the
 * graph.
 */

import { assembled } from '../../contract/assemble.js';
import { elementAt, packed, presence, sequenceOr, stacked, tensorOr, unknownShape } from '../../contract/extract.js';
import { isPlain, notedStructures, portsOf, type Structure, type Structures } from '../../contract/structure.js';
import { inferTypes } from '../../infer/index.js';
import { append } from '../../ir/collections/lists.js';
import { named, under } from '../../ir/collections/named.js';
import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import { dataTypes, type Shape, type TensorType, type Type, tensorType } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import { castTo } from '../../ir/whole-model/widen.js';
import { cacheTwinOf } from './cache-twin.js';
import { portsTwinOf } from './ports-twin.js';

export interface Twin {
  readonly model: Model;
  /** True where the original itself runs on the same inputs, and has outputs beyond the compared ones. */
  readonly isPart: boolean;
}

/**
 * Undefined where the result's ports are the original's, as far as its metadata says. A port that cannot be made is
 * left out.
 */
export function twinOf(original: Model, result: Model): Twin | undefined {
  const cached = cacheTwinOf(original, result);
  const ported = portsTwinOf(cached ?? original, result) ?? cached;
  if (!ported) return flatTwinOf(original, result);
  return flatTwinOf(ported, result) ?? { model: ported, isPart: false };
}

function flatTwinOf(original: Model, result: Model): Twin | undefined {
  const before = notedStructures(original);
  const { inputs, outputs, left } = notedStructures(result);
  const changed = withoutKnown(ungrouped(outputs, original.graph), before.outputs);
  const fresh = withoutKnown(inputs, before.inputs);
  const names = new Set(result.graph.outputPorts.map(({ name }) => name));
  const dropped = left.filter((name) => !names.has(name) && hasOutput(original.graph, name));
  const isPart = Object.keys(changed).length + Object.keys(fresh).length === 0;
  if (isPart && dropped.length === 0) return undefined;
  const twin = cloneModel(original);
  inferTypes(twin);
  if (!takeInputs(twin, result, fresh)) return undefined;
  const ports = new Map<string, Value>();
  const sink: TensorSink = {
    add: (port, tensor) => void ports.set(port, tensor),
    dimsOf: (port) => {
      const index = result.graph.outputPorts.findIndex(({ name }) => name === port);
      const type = result.graph.outputPorts[index]?.type;
      return type?.kind === 'tensor' && type.shape ? type.shape : result.graph.outputs[index]?.shape;
    },
  };
  for (const [index, { name, type }] of twin.graph.outputPorts.entries()) {
    const value = twin.graph.outputs[index] as Value;
    const one = under(changed, name);
    if (one) takeOutput(one, value, value.type ?? type, sink);
    else if (!dropped.includes(name)) ports.set(name, value);
  }
  twin.graph.setOutputs([...ports].map(([name, value]) => ({ port: { name, type: undefined }, value })));
  return ports.size > 0 ? { model: twin, isPart } : undefined;
}

const withoutKnown = (structures: Structures, known: Structures): Structures =>
  Object.fromEntries(
    Object.entries(structures).filter(([name, one]) => JSON.stringify(one) !== JSON.stringify(under(known, name))),
  );

/** Splits grouped outputs into outputs under their own names. A group of one port has the port's name. */
function ungrouped(structures: Structures, graph: Graph): Structures {
  const found = named<Structure>();
  const visit = (name: string, one: Structure): void => {
    if (one.kind === 'dict') for (const inner of Object.values(one.entries)) visit('', inner);
    else if (one.kind === 'list' && !hasOutput(graph, name)) for (const inner of one.items) visit('', inner);
    else {
      const own = name || (portsOf(one)[0] ?? '');
      if (hasOutput(graph, own) && !isPlain(own, one)) found[own] = one;
    }
  };
  for (const [name, one] of Object.entries(structures)) visit(name, one);
  return found;
}

const hasOutput = (graph: Graph, name: string): boolean => graph.outputPorts.some((port) => port.name === name);

/** False where an input cannot be made of the result's. */
function takeInputs(twin: Model, result: Model, structures: Structures): boolean {
  const { graph } = twin;
  const inputs: Value[] = [];
  for (const input of [...graph.inputs]) {
    const structure = under(structures, input.name);
    if (!structure) {
      inputs.push(input);
      continue;
    }
    const own = new Map(
      portsOf(structure).map((name) => {
        const type = result.graph.inputs.find((one) => one.name === name)?.type;
        return [name, graph.input(name, type)] as const;
      }),
    );
    const value = assembled(graph, structure, input.type, (name) => own.get(name) as Value);
    if (!value) return false;
    graph.replaceUses(input, value);
    append(inputs, own.values());
  }
  graph.setInputs(inputs);
  return true;
}

interface TensorSink {
  add(port: string, tensor: Value): void;
  /** The dims of one of the result's ports, as far as they are known. */
  dimsOf(port: string): Shape | undefined;
}

/** The tensors of one output, each handed to the sink. */
function takeOutput(structure: Structure, value: Value, type: Type | undefined, sink: TensorSink): void {
  if (structure.kind === 'maps') {
    const tensor = behindZipMap(value);
    if (tensor) sink.add(structure.port, tensor);
  } else if (structure.kind === 'optional') {
    const present = presence(value);
    const content = type?.kind === 'optional' ? type.elem : undefined;
    sink.add(structure.present, present);
    if (content?.kind === 'tensor') takeTensors(structure.value, tensorOr(value, present, content), content, sink);
    const elem = content?.kind === 'sequence' ? content.elem : undefined;
    if (elem?.kind === 'tensor') takeTensors(structure.value, sequenceOr(value, present, elem), content, sink);
  } else if (type?.kind === 'optional') {
    takeTensors(structure, value.graph.add('OptionalGetElement', [value]).output, type.elem, sink);
  } else takeTensors(structure, value, type, sink);
}

function takeTensors(structure: Structure, value: Value, type: Type | undefined, sink: TensorSink): void {
  const elem = type?.kind === 'sequence' && type.elem?.kind === 'tensor' ? type.elem : undefined;
  if (structure.kind === 'tensor') sink.add(structure.port, structure.was ? held(value) : value);
  else if (structure.kind === 'list' && type?.kind === 'sequence')
    for (const [index, item] of structure.items.entries()) takeTensors(item, elementAt(value, index), elem, sink);
  else if (structure.kind === 'stack' && elem) {
    const shape = sink.dimsOf(structure.port)?.slice(1) ?? elem.shape;
    sink.add(structure.port, stacked(value, tensorType(elem.elem, shape)));
  } else if (structure.kind === 'packed' && elem) takePacked(structure, value, elem, sink);
}

/** Packs a sequence at the rank and in the form of the result's port. */
function takePacked(
  { port, shapes, ranks }: Structure & { kind: 'packed' },
  value: Value,
  { elem }: TensorType,
  sink: TensorSink,
): void {
  const rank = ranks === undefined ? sink.dimsOf(shapes)?.[1] : undefined;
  const made = packed(value, tensorType(elem, typeof rank === 'number' ? unknownShape(rank) : undefined));
  sink.add(port, made.data);
  if (typeof rank === 'number' || ranks !== undefined) sink.add(shapes, made.shapes);
  if (ranks !== undefined && made.ranks) sink.add(ranks, made.ranks);
}

/** Types that JavaScript lacks are cast as the pass casts them: floats to float32, integers to 8 bits. */
function held(value: Value): Value {
  const { kind } = dataTypes[value.elem ?? 'undefined'];
  const to = kind === 'float' ? 'float32' : kind === 'signed' ? 'int8' : 'uint8';
  return castTo(value.graph, value, to);
}

function behindZipMap(value: Value): Value | undefined {
  let { producer } = value;
  while (producer?.is('Identity')) producer = producer.inputs[0]?.producer;
  return producer?.is('ZipMap', 'ai.onnx.ml') ? producer.inputs[0] : undefined;
}
