/** Defines the op words: `op.Erf(x)` and `microsoft.Gelu(x)` match a node of that operator if its inputs match. */
import { microsoftInputs, onnxInputs } from './op-inputs.js';
import { type AllCaptures, type CapturesOf, operator, Pattern, type PatternTerm, refuse } from './pattern/index.js';

/** The names in `'X Scale B?'`; `?` marks an input that may be absent, `*` one that stands for any number. */
type NamesIn<Text> = Text extends ''
  ? []
  : Text extends `${infer First} ${infer Rest}`
    ? [WithoutMark<First>, ...NamesIn<Rest>]
    : [WithoutMark<Text>];
type WithoutMark<Name> = Name extends `${infer Plain}?` ? Plain : Name;

/** A tuple of as many terms as there are inputs, or fewer. */
type InOrder<Names> = Names extends [infer First, ...infer Rest]
  ? First extends `${string}*`
    ? readonly PatternTerm[]
    : readonly [PatternTerm?, ...InOrder<Rest>]
  : readonly [];

/** The captures of the terms under all names together. */
type AllOf<Named> = { [Name in keyof Named]: (one: CapturesOf<Named[Name]>) => void }[keyof Named] extends (
  all: infer Captures,
) => void
  ? Captures
  : unknown;

/**
 * A function from the terms of an op's inputs to its pattern: in order, or by the names in the schema. Inputs that are
 * left out may be anything. `where` tests attributes.
 */
interface Word<Names extends readonly unknown[]> {
  <Terms extends InOrder<Names>>(...terms: Terms): Pattern<AllCaptures<Terms>>;
  <Named extends { readonly [Name in Names[number] & string]?: PatternTerm }>(
    inputs: Named & { readonly [Other in Exclude<keyof Named, Names[number]>]: never },
  ): Pattern<AllOf<Named>>;
}

type Words<Inputs> = { readonly [Op in keyof Inputs]: Word<NamesIn<Inputs[Op]>> };

function word(opType: string, domain: string, inputs: string) {
  const text = domain ? `${domain}.${opType}` : opType;
  const names = inputs.split(' ').flatMap((name) => name.replace('?', '') || []);
  const most = names.at(-1)?.endsWith('*') ? Number.POSITIVE_INFINITY : names.length;
  return (...terms: readonly unknown[]): Pattern => {
    const [first] = terms;
    const isNamed = typeof first === 'object' && first !== null && !(first instanceof Pattern);
    if (!isNamed && terms.length > most) refuse(text, `${most} inputs (${names.join(', ')})`, `${terms.length}`);
    const given = isNamed ? Object.entries(first) : terms.map((term, i) => [i, term] as const);
    const at = given.map(([name]) => (typeof name === 'number' ? name : names.indexOf(name)));
    const unknown = given.find((_, i) => at[i] === -1);
    if (unknown) refuse(text, `inputs of ${names.join(', ')}`, String(unknown[0]));
    return operator(
      { opType, domain, what: opType },
      at,
      given.map(([, term]) => term as PatternTerm),
    );
  };
}

const words = <Inputs extends Readonly<Record<string, string>>>(table: Inputs, domain: string) =>
  Object.fromEntries(
    Object.entries(table).map(([opType, inputs]) => [opType, word(opType, domain, inputs)]),
  ) as unknown as Words<Inputs>;

/** The op words of ai.onnx, one for each operator of any opset. */
export const op = words(onnxInputs, '');

/** The op words of com.microsoft. */
export const microsoft = words(microsoftInputs, 'com.microsoft');
