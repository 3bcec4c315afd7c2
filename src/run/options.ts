/** A pass's options as people write and read them, derived from its schema: text becomes values here. */

import { z } from 'zod';
import { UsageError, unknownText } from '../ir/text/usage-error.js';
import type { PassDefinition } from './definition.js';

/** What is used of JSON schema: it describes every option schema the same way. */
interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** One option of a pass. */
export interface PassOption {
  readonly name: string;
  /** `number`, `text`, `a | b`, `list of text`. */
  readonly type: string;
  /** Undefined where the option may be left out without a value standing for it. */
  readonly default: unknown;
  readonly description: string;
}

const schemaOf = ({ options }: PassDefinition): Readonly<Record<string, JsonSchema>> =>
  (z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }) as JsonSchema).properties ?? {};

/** The options in the order of the schema. */
export const optionsOf = (definition: PassDefinition): PassOption[] =>
  Object.entries(schemaOf(definition)).map(([name, schema]) => ({
    name,
    type: typeText(schema),
    default: schema.default,
    description: schema.description ?? '',
  }));

function typeText(schema: JsonSchema): string {
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' | ');
  if (schema.enum) return schema.enum.join(' | ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.type === 'array') return `list of ${typeText(schema.items ?? {})}`;
  return schema.type === 'string' ? 'text' : (schema.type ?? 'any');
}

/** What a text stands for under a schema; undefined where it cannot stand for anything. */
function read(text: string, schema: JsonSchema): unknown {
  if (schema.anyOf) return schema.anyOf.map((one) => read(text, one)).find((value) => value !== undefined);
  if (schema.enum) return schema.enum.find((value) => String(value) === text);
  if (schema.const !== undefined) return String(schema.const) === text ? schema.const : undefined;
  if (schema.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (schema.type === 'number' || schema.type === 'integer') {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    return Number.isNaN(value) || (schema.type === 'integer' && !Number.isSafeInteger(value)) ? undefined : value;
  }
  if (schema.type === 'array') {
    const items = text === '' ? [] : text.split('+').map((part) => read(part, schema.items ?? {}));
    return items.includes(undefined) ? undefined : items;
  }
  return text;
}

/** `per-channel` is `perChannel`. */
export const camelCase = (name: string): string =>
  name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Options from `name=value` texts; a bare name is `true`, a name given twice or `a+b` is a list.
 * Throws UsageError for a name or a value that the schema does not know.
 */
export function optionsFromText(definition: PassDefinition, texts: readonly string[]): Record<string, unknown> {
  const schemas = schemaOf(definition);
  const options: Record<string, unknown> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = camelCase(at < 0 ? text : text.slice(0, at));
    refuseUnknown(definition, schemas, name);
    const schema = schemas[name] as JsonSchema;
    const written = at < 0 ? 'true' : text.slice(at + 1);
    const value = read(written, schema);
    if (value === undefined)
      throw new UsageError(
        `pass ${definition.name}: option ${name}: expected ${typeText(schema)}; found "${at < 0 ? '' : written}"`,
      );
    const before = options[name];
    options[name] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
  }
  return options;
}

/** Throws UsageError where an option has a name the schema does not know: zod alone would drop it without a word. */
export function checkOptionNames(definition: PassDefinition, options: unknown): void {
  if (typeof options !== 'object' || options === null) return;
  // To describe a schema takes long; names are at hand.
  const known = definition.options instanceof z.ZodObject ? definition.options.shape : schemaOf(definition);
  for (const name of Object.keys(options)) refuseUnknown(definition, known, name);
}

function refuseUnknown({ name: pass }: PassDefinition, known: object, name: string): void {
  if (!Object.hasOwn(known, name))
    throw new UsageError(`pass ${pass}: ${unknownText('option', name, Object.keys(known))}`);
}

/** The one line that says what zod found wrong with options that were given. */
export const zodText = (error: z.ZodError, given: unknown): string =>
  error.issues
    .map((issue) => {
      const text = boundText(issue, given) ?? issue.message;
      return issue.path.length ? `${issue.path.join('.')}: ${text}` : text;
    })
    .join('; ');

/** A number beyond its bounds; undefined for another issue, and where the schema has a text of its own. */
function boundText(issue: z.core.$ZodIssue, given: unknown): string | undefined {
  const found = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], given);
  if (typeof found !== 'number' || !/^Too (small|big): /.test(issue.message)) return undefined;
  if (issue.code === 'too_small')
    return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}; found ${found}`;
  if (issue.code !== 'too_big') return undefined;
  return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}; found ${found}`;
}
