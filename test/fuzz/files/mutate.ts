/** Mutations of models as messages: each changes one place, chosen by a seed of its own, so that any may be left out. */
import { encodeMessage } from '../../../src/onnx/codec/message.js';
import {
  type AttributeMessage,
  type FunctionMessage,
  fromBigint,
  type GraphMessage,
  type Message,
  type ModelMessage,
  type NodeMessage,
  type TensorMessage,
  type TypeMessage,
} from '../../../src/onnx/proto/messages.js';
import { operators } from '../../../src/onnx/schemas/schema-table.js';
import { damage } from './damage.js';
import { type Dice, dice } from './dice.js';
import {
  contentOf,
  copyOf,
  decoded,
  empty,
  type Field,
  fieldsOf,
  isMessage,
  kindOf,
  messagesIn,
  setValue,
} from './message.js';

/** What one mutation works with: the model, and another to take parts from. */
interface Place {
  readonly model: ModelMessage;
  readonly here: ReadonlyMap<string, readonly Message[]>;
  readonly donor: ReadonlyMap<string, readonly Message[]>;
  readonly random: Dice;
}

const numbers = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  4n,
  7n,
  8n,
  16n,
  64n,
  127n,
  255n,
  1000n,
  65536n,
  (1n << 31n) - 1n,
  1n << 31n,
  -(1n << 31n),
  1n << 32n,
  1n << 40n,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 53n) + 1n,
  (1n << 63n) - 1n,
  -(1n << 63n),
];
const reals = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e-45,
  1e-12,
  3.4e38,
  -3.4e38,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const words = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'prototype',
  'length',
  'a/b',
  'a.b',
  '../x',
  '0',
  '-1',
  ' ',
  '\u0000',
  '\u202egnp',
  '\ud7ff\u{1f600}',
  'x'.repeat(5000),
  'SAME_UPPER',
  'VALID',
  'NOTSET',
  'linear',
  'nearest',
  'cubic',
  'forward',
  'bidirectional',
  'reverse',
  'sum',
  'constant',
  'edge',
  'asymmetric',
  'batch',
  'ai.onnx',
  'com.microsoft',
  'ai.onnx.ml',
  'ij,jk->ik',
  'i...->...i',
  'Relu',
  'Tanh',
  'tanh',
  'none',
  'NHWC',
  'float',
  'int64',
  '*',
  '**',
];
const locations = [
  '',
  '.',
  '..',
  '../../etc/passwd',
  '/etc/passwd',
  '/dev/zero',
  '/dev/stdin',
  'a\u0000b',
  'missing.bin',
  '__proto__',
  'a/'.repeat(3000),
];
const opTypes = [
  ...new Set(operators.split('\n').map((line) => line.slice(0, line.search(/[! ]/)).replace(/^ml\./, ''))),
].filter(Boolean);

const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ofKind = <T extends Message>(from: ReadonlyMap<string, readonly Message[]>, kind: string): readonly T[] =>
  (from.get(kind) ?? []) as readonly T[];

/** Names of values in the model, and what else a name may be. */
function name({ here, random }: Place): string {
  const known = ofKind<NodeMessage>(here, 'NodeProto').flatMap(({ input = [], output = [] }) => [...input, ...output]);
  const ports = [...ofKind<TensorMessage>(here, 'TensorProto'), ...ofKind<TensorMessage>(here, 'ValueInfoProto')];
  const all = [...known, ...ports.map((port) => port.name ?? '')];
  return (random.oneIn(5) ? random.of(words) : random.of(all)) ?? '';
}

/** Something else for a field that holds no message. */
function scalar(type: string, field: string, before: unknown, place: Place): unknown {
  const { random } = place;
  switch (type) {
    case 'string':
      if (field === 'opType') return random.oneIn(3) ? random.of(words) : random.of(opTypes);
      return name(place);
    case 'bytes':
      return random.oneIn(2)
        ? textBytes(random.of(words) ?? '')
        : Uint8Array.from({ length: random.below(40) }, () => random.below(256));
    case 'float':
    case 'double':
      return random.of(reals);
    case 'int32':
      return random.oneIn(8) ? Number(BigInt.asIntN(32, random.of(numbers) ?? 0n)) : random.below(28);
    default: {
      const near =
        typeof before === 'number' ? BigInt(before) : BigInt((before as { low?: number } | undefined)?.low ?? 0);
      return fromBigint(random.oneIn(3) ? near + BigInt(random.below(5) - 2) : (random.of(numbers) ?? 0n));
    }
  }
}

/** A message of a kind from here or elsewhere, or an empty one. */
const another = (kind: string, { here, donor, random }: Place): Message => {
  const found = random.of(random.oneIn(2) ? ofKind(here, kind) : ofKind(donor, kind));
  return found ? copyOf(found) : empty(kind);
};

const fresh = (field: Field, before: unknown, place: Place): unknown =>
  /^[A-Z]/.test(field.type) ? another(field.type, place) : scalar(field.type, field.name, before, place);

/** One field of one message: set, removed, or a list with something dropped, doubled, moved, swapped, put in or replaced. */
function anyField(message: Message, place: Place, only?: readonly string[]): void {
  const { random } = place;
  const all = fieldsOf(message).filter((one) => !only || only.includes(one.name));
  const present = all.filter((one) => contentOf(message, one) !== undefined);
  const field = random.of(random.oneIn(5) || present.length === 0 ? all : present);
  if (!field) return;
  const before = contentOf(message, field);
  if (!field.repeated) {
    setValue(message, field, random.oneIn(6) ? undefined : fresh(field, before, place));
    return;
  }
  const list = [...((before as unknown[] | undefined) ?? [])];
  const at = random.below(list.length);
  const to = random.below(list.length + 1);
  switch (random.below(8)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      if (list.length) list.splice(to, 0, isMessage(list[at]) ? copyOf(list[at]) : list[at]);
      break;
    case 2:
      if (list.length) list.splice(random.below(list.length), 0, ...list.splice(at, 1));
      break;
    case 3:
      if (list.length) [list[at], list[to % list.length]] = [list[to % list.length], list[at]];
      break;
    case 4:
      list.splice(to, 0, fresh(field, undefined, place));
      break;
    case 5:
      list.length = random.below(list.length + 1);
      break;
    default:
      if (list.length) list[at] = fresh(field, list[at], place);
      else list.push(fresh(field, undefined, place));
  }
  setValue(message, field, list);
}

const forms = [
  '',
  'f',
  'i',
  's',
  't',
  'g',
  'floats',
  'ints',
  'strings',
  'tensors',
  'graphs',
  'sparseTensor',
  'sparseTensors',
  'tp',
  'typeProtos',
];
const numberTypes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];

/** An attribute of another type, with or without what that type says. */
function attributeType(attribute: AttributeMessage, place: Place): void {
  const { random } = place;
  attribute.type = random.of(numberTypes) as number;
  const field = fieldsOf(attribute).find((one) => one.name === forms[attribute.type as number]);
  if (field && !random.oneIn(3)) {
    const value = fresh(field, undefined, place);
    setValue(
      attribute,
      field,
      field.repeated
        ? Array.from({ length: random.below(5) }, () => fresh(field, undefined, place)).concat(value)
        : value,
    );
  }
}

/** A tensor in another file, or so it says. */
function external(tensor: TensorMessage, { random }: Place): void {
  const entry = (key: string, value: string) => (random.oneIn(6) ? [] : [{ key, value }]);
  tensor.dataLocation = 1;
  tensor.externalData = [
    ...entry('location', random.of(locations) ?? ''),
    ...entry('offset', random.of(['0', '-1', '1e3', '9007199254740993', '18446744073709551616', 'x', '']) ?? ''),
    ...entry('length', random.of(['0', '4', '-4', '9007199254740991', 'NaN']) ?? ''),
  ];
  if (random.oneIn(2)) delete tensor.rawData;
}

/** A tensor whose numbers are others, or elsewhere, or not as many. */
function tensorData(tensor: TensorMessage, place: Place): void {
  const { random } = place;
  if (random.oneIn(3)) {
    external(tensor, place);
    return;
  }
  if (random.oneIn(2) && tensor.rawData?.length) {
    const bytes = tensor.rawData.slice();
    const view = new DataView(bytes.buffer);
    if (bytes.length >= 8 && random.oneIn(2))
      view.setBigInt64(8 * random.below(bytes.length >> 3), random.of(numbers) ?? 0n, true);
    else if (bytes.length >= 4) view.setFloat32(4 * random.below(bytes.length >> 2), random.of(reals) ?? 0, true);
    tensor.rawData = bytes;
    return;
  }
  anyField(tensor, place, [
    'dims',
    'dataType',
    'floatData',
    'int32Data',
    'int64Data',
    'doubleData',
    'stringData',
    'uint64Data',
    'rawData',
  ]);
}

/** A node that calls a function of the model, which may be the one it stands in. */
function call(node: NodeMessage, { here, random }: Place): void {
  const called = random.of(ofKind<FunctionMessage>(here, 'FunctionProto'));
  if (called) Object.assign(node, { opType: called.name, domain: called.domain, overload: called.overload });
}

/** A graph inside a node, which may be the graph that the node stands in. */
function nest(node: NodeMessage, { here, donor, random }: Place): void {
  const body = random.of([...ofKind<GraphMessage>(here, 'GraphProto'), ...ofKind<GraphMessage>(donor, 'GraphProto')]);
  if (!body) return;
  const name = random.of(['then_branch', 'else_branch', 'body', 'decoder', 'x']);
  node.attribute = [
    ...(node.attribute ?? []),
    Object.assign(empty('AttributeProto') as AttributeMessage, { name, type: 5, g: copyOf(body) }),
  ];
}

/** A type inside others. */
function nestType(type: TypeMessage, { random }: Place): void {
  const inner = copyOf(type);
  const kind = random.of(['sequenceType', 'optionalType'] as const) ?? 'sequenceType';
  let whole: TypeMessage = inner;
  for (let depth = random.oneIn(10) ? 40 : 1 + random.below(3); depth > 0; depth--)
    whole = { [kind]: { elemType: whole } };
  for (const field of fieldsOf(type)) setValue(type, field, undefined);
  Object.assign(
    type,
    random.oneIn(4)
      ? { mapType: { keyType: random.below(28), valueType: inner } }
      : decoded('TypeProto', encodeMessage('TypeProto', whole)),
  );
}

/** How often each kind of message is taken, and what is done to it besides changing any of its fields. */
const kinds: readonly (readonly [
  kind: string,
  weight: number,
  special: readonly ((message: Message, place: Place) => void)[],
])[] = [
  [
    'NodeProto',
    10,
    [
      call,
      nest,
      (node, place) => anyField(node, place, ['input', 'opType']),
      (node, place) => anyField(node, place, ['attribute']),
    ],
  ],
  [
    'AttributeProto',
    12,
    [attributeType, (one, place) => anyField(one, place, ['i', 'f', 's', 'ints', 'floats', 'strings'])],
  ],
  ['TensorProto', 6, [tensorData]],
  ['SparseTensorProto', 2, []],
  ['ValueInfoProto', 4, []],
  ['TypeProto', 3, [nestType]],
  ['TensorTypeProto', 3, []],
  ['TensorShapeProto', 3, []],
  ['Dimension', 4, []],
  ['GraphProto', 6, []],
  ['FunctionProto', 4, []],
  ['OperatorSetIdProto', 2, []],
  ['StringStringEntryProto', 1, []],
  ['ModelProto', 2, []],
];

/** One mutation of a model, in place. */
function mutate(place: Place): void {
  const { here, random } = place;
  const present = kinds.filter(([kind]) => here.has(kind));
  let left = random.below(present.reduce((sum, [, weight]) => sum + weight, 0));
  const [kind, , special] =
    present.find(([, weight]) => (left -= weight) < 0) ?? (present[0] as (typeof kinds)[number]);
  const message = random.of(here.get(kind) ?? []);
  if (!message) return;
  const change = random.oneIn(2) ? random.of(special) : undefined;
  if (change) change(message, place);
  else anyField(message, place);
}

/** What is done to a model: mutations of its messages, then damages of its bytes, each by the seed of its own. */
export interface Plan {
  readonly messages: readonly number[];
  readonly bytes: readonly number[];
}

/** A plan by chance: most files are still whole messages. */
export function planOf(random: Dice): Plan {
  const seeds = (count: number) => Array.from({ length: count }, () => random.below(2 ** 31));
  const isDamaged = random.oneIn(6);
  return {
    messages: seeds(isDamaged && random.oneIn(2) ? 0 : 1 + random.below(random.oneIn(4) ? 12 : 4)),
    bytes: seeds(isDamaged ? 1 + random.below(3) : 0),
  };
}

/** The file that a plan makes of a model; `donor` lends parts. */
export function applyPlan(seed: Uint8Array, donor: Uint8Array, { messages, bytes }: Plan): Uint8Array {
  const model = decoded<ModelMessage>('ModelProto', seed);
  const lent = messagesIn(decoded('ModelProto', donor));
  let file = seed;
  try {
    for (const one of messages) mutate({ model, here: messagesIn(model), donor: lent, random: dice(one) });
    if (messages.length) file = Uint8Array.from(encodeMessage(kindOf(model), model));
  } catch (error) {
    // A message that nests too deep for one.
    if (!(error as Error).message.includes('depth')) throw error;
    return applyPlan(seed, donor, { messages: messages.slice(0, -1), bytes });
  }
  for (const one of bytes) file = Uint8Array.from(damage(file, dice(one)));
  return file;
}
