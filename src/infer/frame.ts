/** What is known of values while inference runs: one frame for the model, one more for each call of a function. */
import type { Attribute } from '../ir/attribute.js';
import type { Dim } from '../ir/dims/dims.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { uniformOf } from '../ir/tensors/bank.js';
import { numbersOf } from '../ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../ir/tensors/tensor.js';
import { dataTypes, isFloat, type Shape, type Type, tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { type Call, type Contents, MOST_AXES, type PartialShape } from '../ops/call.js';

import type { Unknowns } from './unknowns.js';
import type { Visits } from './visits.js';

/** Constants of more elements are not looked into. */
const MOST_INTEGERS = 1024;
const MOST_FLOATS = 64;

export class Frame {
  readonly types = new Map<Value, Type | undefined>();
  readonly #contents = new Map<Value, Contents | undefined>();

  constructor(
    readonly unknowns: Unknowns,
    /** What a function was called with; undefined outside functions. */
    readonly attributes: ReadonlyMap<string, Attribute> | undefined,
    /** How often nodes may be gone over again; without it as often as they ask for. */
    readonly visits?: Visits,
  ) {}

  /** True where what is found holds of a supposition alone, and is not kept. */
  get isSupposed(): boolean {
    return false;
  }

  /** Is told of each call of an operator before it is inferred. */
  meet(_: Call): void {}

  /** The frame of a call of a function from here. */
  inside(call: Node, attributes: ReadonlyMap<string, Attribute>, _body: Graph): Frame {
    return new Frame(this.unknowns.inside(call), attributes, this.visits);
  }

  typeOf(value: Value): Type | undefined {
    const type = this.types.get(value);
    if (type || !value.tensor || this.types.has(value)) return type;
    const { type: stated, tensor } = value;
    // A sparse constant and the like keep what they say.
    const constant = stated && stated.kind !== 'tensor' ? stated : tensorType(tensor.type, tensor.shape);
    this.types.set(value, constant);
    return constant;
  }

  contentsOf(value: Value): Contents | undefined {
    const known = this.#contents.get(value);
    if (known || !value.tensor || this.#contents.has(value)) return known;
    const contents = contentsIn(value.tensor);
    this.#contents.set(value, contents);
    return contents;
  }

  /** What is known so far of what values hold. */
  get held(): ReadonlyMap<Value, Contents | undefined> {
    return this.#contents;
  }

  setContents(value: Value, contents: Contents | undefined): void {
    if (contents?.some((one) => one !== undefined) && contents.length <= MOST_INTEGERS)
      this.#contents.set(value, contents);
    else this.#contents.delete(value);
  }

  /** Dims for a partial shape of a value: what is not known gets the value's own unknown dims. */
  whole(value: Value, shape: PartialShape | undefined): Shape | undefined {
    const { budget } = value.graph.model;
    if (shape && shape.length > Math.min(MOST_AXES, budget.limitOf('axes'))) {
      budget.note('axes', value.producer?.label ?? value.name);
      return undefined;
    }
    return shape?.map((dim, axis) => (dim === undefined || isBad(dim) ? this.unknowns.at(value, axis) : dim));
  }
}

const isBad = (dim: Dim): boolean => typeof dim === 'number' && !(Number.isSafeInteger(dim) && dim >= 0);

/** What small constants hold, however often types are inferred. */
const read = new WeakMap<Tensor, { readonly contents: Contents | undefined }>();

function contentsIn(tensor: Tensor): Contents | undefined {
  const known = read.get(tensor) ?? { contents: readContents(tensor) };
  read.set(tensor, known);
  return known.contents;
}

/** Of a bank only what all instances hold is known. */
function readContents(stored: Tensor): Contents | undefined {
  const count = elementCount(stored.shape);
  if (count > MOST_INTEGERS) return undefined;
  const tensor = uniformOf(stored);
  if (!tensor) return undefined;
  const { kind } = dataTypes[tensor.type];
  if (count > (isFloat(tensor.type) ? MOST_FLOATS : MOST_INTEGERS)) return undefined;
  const isNumber = kind === 'float' || kind === 'signed' || kind === 'unsigned' || kind === 'bool';
  return isNumber ? Array.from(numbersOf(tensor)) : undefined;
}
