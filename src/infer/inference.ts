/** One run over a model: scope after scope in dependency order, calls of functions by what each is called with. */
import type { Attribute } from '../ir/attribute.js';
import { type Dim, type SymbolName, seeSize, withNames } from '../ir/dims/dims.js';
import { substitute } from '../ir/dims/substitute.js';
import type { Graph } from '../ir/graph.js';
import type { Model, ModelFunction } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { scopesIn } from '../ir/scopes/scopes.js';
import { equalTypes, type Type, tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { type OperatorSchema, schemaOf } from '../onnx/schemas/schema.js';
import type { Contents, KnownValue } from '../ops/call.js';
import { joinContents, joinTypes } from '../ops/join.js';
import { rowOf } from '../ops/registry.js';
import { inferBy, type OpRow } from '../ops/row.js';
import { FrameCall, type InferBody } from './call.js';
import { contradicts, stillHolds } from './declared.js';
import { typeBySchema, withoutShape } from './elements.js';
import { Frame } from './frame.js';
import { sameAgain, signatureOf } from './signature.js';
import { plainDims, readShape } from './spelled.js';
import { unknownsOf } from './unknowns.js';
import { Visits } from './visits.js';

/** Calls deeper than so many bodies and functions are not followed: no exporter nests so many, and each takes a part of the stack. */
const DEEPEST = 128;

interface Definition {
  readonly domain: string;
  readonly opset: number;
  readonly schema: OperatorSchema | undefined;
  readonly row: OpRow | undefined;
}

export class Inference {
  /** The frame of the main graph and its bodies. */
  readonly main: Frame;
  /** Types in the bodies of functions, for all calls together. */
  readonly #inFunctions = new Map<Value, Type | undefined>();
  /** What values there hold in every call. */
  readonly #heldInFunctions = new Map<Value, Contents | undefined>();
  /** What rules give where the file declares another element type. */
  readonly overruled = new Map<Value, Type>();
  /** Types that outputs declare of their values. */
  readonly #ports = new Map<Value, Type>();
  readonly #isAsRead: boolean;
  readonly #functions = new Map<string, ModelFunction>();
  readonly #called = new Set<ModelFunction>();
  /** What calls gave, by function and signature. */
  readonly #given = new Map<ModelFunction, Map<string, readonly KnownValue[]>>();
  /** Functions of which a call was not followed. */
  readonly #unfollowed = new Set<ModelFunction>();
  readonly #visits: Visits;
  /** Bodies and functions around what is being inferred. */
  #depth = 0;
  #givenUp = (): number => 0;
  /** By op, the last that was asked for: most ops are of one domain and opset. */
  readonly #definitions = new Map<string, Definition>();

  constructor(
    readonly model: Model,
    readonly bindings: ReadonlyMap<SymbolName, Dim>,
  ) {
    this.#visits = new Visits(model);
    this.main = new Frame(unknownsOf(model), undefined, this.#visits);
    this.#isAsRead = model.isAsRead;
    for (const graph of scopesIn(model.graph))
      graph.outputPorts.forEach(({ type }, index) => {
        const value = graph.outputs[index];
        if (type && value?.producer) this.#ports.set(value, type);
      });
    for (const one of model.functions) this.#functions.set(keyOf(one.domain, one.name, one.overload), one);
  }

  run(): void {
    this.#withNames(() => this.#run());
  }

  /** Infers one node of any scope, once all is inferred, in a frame of its own. */
  inferIn(node: Node, frame: Frame): void {
    this.#withNames(() => this.#node(node, frame));
  }

  #withNames(infer: () => void): void {
    withNames(this.model.budget.limitOf('dims-terms'), (givenUp) => {
      this.#givenUp = givenUp;
      infer();
    });
  }

  #run(): void {
    const { inputs } = this.model.graph;
    const plain = plainDims(inputs);
    for (const value of inputs) this.main.types.set(value, this.#inputType(value, plain));
    this.#graph(this.model.graph, this.main);
    // A function that nobody calls: of its inputs nothing is known.
    for (const one of this.model.functions) {
      if (this.#called.has(one)) continue;
      const frame = new Frame(this.main.unknowns, one.defaults, this.#visits);
      for (const value of one.graph.inputs) frame.types.set(value, undefined);
      this.#graph(one.graph, frame);
      this.#merge(frame);
    }
    for (const one of this.#unfollowed) this.#forget(one);
  }

  /** Nothing is known of what a function holds, as one of its calls was not followed, nor of what those hold that it calls. */
  #forget(called: ModelFunction): void {
    for (const graph of scopesIn(called.graph)) {
      for (const value of graph.values())
        if (!value.tensor) {
          this.#inFunctions.set(value, undefined);
          this.#heldInFunctions.set(value, undefined);
        }
      for (const node of graph.nodeSet) {
        const inner = this.#calledBy(node);
        // A set goes on to what is added to it.
        if (inner) this.#unfollowed.add(inner);
      }
    }
  }

  /** Writes the types to the values; a type that is the same stays the same object, and what inputs say as it is said. */
  commit(): void {
    const said = new Set(this.bindings.size === 0 ? this.model.graph.inputs : []);
    for (const types of [this.main.types, this.#inFunctions])
      for (const [value, type] of types) if (!(value.type && said.has(value))) this.#commit(value, type);
  }

  #commit(value: Value, type: Type | undefined): void {
    if (!equalTypes(value.type, type)) value.infer(type);
    const { declared } = value;
    if (!declared || !type || !contradicts(declared, type)) return;
    if (!stillHolds(declared, this.overruled.get(value) ?? type, this.#isAsRead)) value.declared = type;
  }

  #inputType(value: Value, plain: ReadonlyMap<string, Dim>): Type | undefined {
    const { type, defaultTensor } = value;
    if (!type) return defaultTensor && tensorType(defaultTensor.type);
    if (type.kind !== 'tensor' || !type.shape) return type;
    const shape = readShape(type.shape, plain);
    if (this.bindings.size === 0) return shape === type.shape ? type : tensorType(type.elem, shape);
    return tensorType(
      type.elem,
      shape.map((dim) => substitute(dim, this.bindings)),
    );
  }

  #graph(graph: Graph, frame: Frame): void {
    for (const node of graph.nodes()) {
      this.#node(node, frame);
      if (graph === this.model.graph) for (const value of node.outputs) seeSizes(value && frame.types.get(value));
    }
  }

  #node(node: Node, frame: Frame): void {
    frame.visits?.count();
    const { budget } = this.model;
    const before = this.#givenUp();
    const called = this.#calledBy(node);
    if (called) this.#call(node, called, frame);
    else this.#operator(node, frame);
    if (this.#givenUp() > before && node.bodies.length === 0 && !called) budget.note('dims-terms', node.label);
  }

  #calledBy(node: Node): ModelFunction | undefined {
    return this.#functions.size > 0 ? this.#functions.get(keyOf(node.domain, node.opType, node.overload)) : undefined;
  }

  #operator(node: Node, frame: Frame): void {
    const opset = node.opset ?? Number.POSITIVE_INFINITY;
    const { schema, row } = this.#definitionOf(node, opset);
    if (!schema && !row) {
      declare(node, frame);
      this.#declaredBodies(node, frame);
      return;
    }
    const call = new FrameCall(node, opset, frame, this.#body);
    frame.meet(call);
    if (row) inferBy(row, call);
    else this.#declaredBodies(node, frame);
    node.outputs.forEach((value, index) => {
      if (!value) return;
      const type = call.typeOf(index, typeBySchema(schema, call, index));
      frame.types.set(value, frame === this.main ? this.#asDeclared(value, type) : type);
    });
  }

  /**
   * The element type of a value is the declared one where a rule gives another, in a model as it was read: runtimes refuse a declaration that is
   * not so, but not one of dims.
   */
  #asDeclared(value: Value, type: Type | undefined): Type | undefined {
    const declared = value.declared ?? this.#ports.get(value);
    if (!declared || !type || !contradicts(withoutShape(declared), withoutShape(type))) return type;
    if (!stillHolds(declared, type, this.#isAsRead)) return type;
    this.overruled.set(value, type);
    return declared.kind === 'tensor' && type.kind === 'tensor' ? tensorType(declared.elem, type.shape) : declared;
  }

  #definitionOf({ opType, domain }: Node, opset: number): Definition {
    const known = this.#definitions.get(opType);
    if (known?.domain === domain && known.opset === opset) return known;
    // Some operators were in use before a set had them.
    const schema = schemaOf(opType, domain, opset) ?? schemaOf(opType, domain, Number.POSITIVE_INFINITY);
    const definition = { domain, opset, schema, row: rowOf({ domain, opType }) };
    this.#definitions.set(opType, definition);
    return definition;
  }

  /** Bodies of an operator of which nobody knows what it hands to them: their inputs are what they say. */
  #declaredBodies(node: Node, frame: Frame): void {
    for (const body of node.bodies)
      this.#body(
        body,
        body.inputs.map(({ type }) => ({ type })),
        frame,
      );
  }

  readonly #body: InferBody = (body, inputs, frame) => {
    body.inputs.forEach((value, index) => {
      frame.types.set(value, inputs[index]?.type);
      frame.setContents(value, inputs[index]?.contents);
    });
    this.#depth++;
    this.#graph(body, frame);
    this.#depth--;
    return knownOf(body, frame);
  };

  /** A call of a function: its body with what it is called with. */
  #call(node: Node, called: ModelFunction, outer: Frame): void {
    this.#called.add(called);
    const attributes = new Map<string, Attribute>(called.defaults);
    for (const [name, attribute] of node.attributes) {
      const given = attribute.type === 'ref' ? outer.attributes?.get(attribute.name) : attribute;
      if (given) attributes.set(name, given);
    }
    const inputs = called.graph.inputs.map((_, index): KnownValue => {
      const value = node.inputs[index];
      return value ? { type: outer.typeOf(value), contents: outer.contentsOf(value) } : { type: undefined };
    });
    const outputs = this.#results(node, called, inputs, attributes, outer);
    node.outputs.forEach((value, index) => {
      if (!value) return;
      outer.types.set(value, outputs[index]?.type);
      outer.setContents(value, outputs[index]?.contents);
    });
  }

  /** What a call gives. Calls of calls of calls are few where each signature is followed once. */
  #results(
    node: Node,
    called: ModelFunction,
    inputs: readonly KnownValue[],
    attributes: ReadonlyMap<string, Attribute>,
    outer: Frame,
  ): readonly KnownValue[] {
    if (outer.isSupposed) {
      const isFollowed = this.#depth < DEEPEST && !outer.visits?.areSpent(node);
      return isFollowed ? this.#body(called.graph, inputs, outer.inside(node, attributes, called.graph)) : [];
    }
    const given = this.#given.get(called) ?? new Map<string, readonly KnownValue[]>();
    this.#given.set(called, given);
    const signature = signatureOf(inputs, attributes);
    const known = given.get(signature);
    if (known) return sameAgain(known, inputs, outer.unknowns.inside(node));
    if (this.#depth >= DEEPEST || this.#visits.areSpent(node)) {
      this.#unfollowed.add(called);
      return [];
    }
    const frame = outer.inside(node, attributes, called.graph);
    const outputs = this.#body(called.graph, inputs, frame);
    this.#merge(frame);
    given.set(signature, outputs);
    return outputs;
  }

  /** What a value always is: in a function, in every call of it. */
  typeOf(value: Value): Type | undefined {
    return this.#inFunctions.get(value) ?? this.main.typeOf(value);
  }

  /** What a value always holds: in a function, in every call of it. */
  contentsOf(value: Value): Contents | undefined {
    return this.#heldInFunctions.get(value) ?? this.main.contentsOf(value);
  }

  /** A value in a function is what it is in every call. */
  #merge(frame: Frame): void {
    for (const [value, type] of frame.types) {
      if (value.graph.model !== this.model) continue;
      const held = frame.held.get(value);
      const isFirst = !this.#inFunctions.has(value);
      this.#heldInFunctions.set(value, isFirst ? held : joinContents(this.#heldInFunctions.get(value), held));
      const before = this.#inFunctions.get(value);
      if (isFirst) this.#inFunctions.set(value, type);
      else if (before && before !== type)
        this.#inFunctions.set(
          value,
          // Dims that differ between calls are unknown, in the outermost frame.
          joinTypes(before, type, (shape) => this.main.whole(value, shape)),
        );
    }
  }
}

const keyOf = (domain: string, name: string, overload: string): string => `${domain}\n${name}\n${overload}`;

const knownOf = (graph: Graph, frame: Frame): KnownValue[] =>
  graph.outputs.map((value) => ({ type: frame.typeOf(value), contents: frame.contentsOf(value) }));

/** An operator that no schema knows: what the file declares is all there is. */
function declare(node: Node, frame: Frame): void {
  const { end, outputPorts } = node.graph;
  for (const value of node.outputs) {
    if (!value) continue;
    let { type } = value;
    if (!type) for (const use of value.uses) if (use.node === end) type ??= outputPorts[use.index]?.type;
    frame.types.set(value, type);
  }
}

function seeSizes(type: Type | undefined): void {
  if (type?.kind === 'tensor') for (const dim of type.shape ?? []) seeSize(dim);
}
