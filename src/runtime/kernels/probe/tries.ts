/** Lists the tries: every version of every operator with forms, in every element type that its schema allows. */
import { textOf } from '../../../ir/attribute.js';
import { append } from '../../../ir/collections/lists.js';
import type { DataType } from '../../../ir/types.js';
import { type OperatorSchema, schemaOf } from '../../../onnx/schemas/schema.js';
import { kernelTypes } from '../table.js';
import { type ProbedForm, retyped } from './form.js';
import { castForms } from './forms/cast-forms.js';
import { readForm } from './forms/form-text.js';
import { runtimeForms } from './forms/runtime-forms.js';
import { standardForms } from './forms/standard-forms.js';

/** A form in one type, and the line of the table that its result belongs to. */
export interface Try {
  /** The operator as the table names it, and its version: `ms.Gelu 1`, `Cast>float16 13`. */
  readonly version: string;
  readonly elem: DataType;
  readonly form: ProbedForm;
}

const narrowed: readonly DataType[] = ['float32', 'float16', 'bfloat16', 'float64'];

/** The operator sets of ai.onnx that the runtime knows: it refuses models of later ones. */
const OPSETS = { first: 7, last: 25 } as const;

export function allTries(): Try[] {
  const standard = standardForms.trim().split('\n').map(readForm);
  const tries = [...everyVersion([...standard, ...runtimeForms.filter(({ domain }) => domain === '')])];
  for (const form of castForms) {
    const { since } = schemaOf('Cast', '', form.opset) as OperatorSchema;
    const [from] = form.inputs;
    if (from && 'elem' in from) tries.push({ version: `Cast>${form.name} ${since}`, elem: from.elem, form });
  }
  for (const form of runtimeForms.filter(({ domain }) => domain !== ''))
    append(tries, [...inTypes(form, `ms.${form.opType} 1`)]);
  return tries;
}

/** Gives each form at the operator sets of all versions of its operator. A version without a case is tried with the cases of the versions beside it. */
function* everyVersion(forms: readonly ProbedForm[]): Iterable<Try> {
  for (const [opType, all] of byOperator(forms)) {
    for (const { since, opset } of triedSets(opType)) {
      const own = all.filter((form) => sinceOf(form.opType, form.opset) === sinceOf(opType, opset));
      for (const form of own.length > 0 ? own : all)
        yield* inTypes({ ...form, opset }, `${opType}${variantOf(form)} ${since}`);
    }
  }
}

/** A suffix where an attribute selects another kernel: Gelu by tanh and by Erf. */
const variantOf = ({ attributes: { approximate } }: ProbedForm): string =>
  typeof approximate === 'object' && 'value' in approximate && approximate.type === 'string'
    ? `>${textOf(approximate.value)}`
    : '';

/** The operator sets in which an operator is tried, and for each the set from which on its line is valid. */
function triedSets(opType: string): { readonly since: number; readonly opset: number }[] {
  const bySince = new Map<number, number>();
  for (let opset = OPSETS.first; opset < OPSETS.last; opset++) {
    const since = sinceOf(opType, opset);
    if (since !== undefined) bySince.set(since, opset);
  }
  // This operator belongs to the runtime, though it is in ai.onnx.
  if (bySince.size === 0 && sinceOf(opType, OPSETS.last) === undefined) return [{ since: 1, opset: 17 }];
  const sets = [...bySince].map(([since, opset]) => ({ since, opset }));
  // Kernels that change the layout depend on the model's operator set, not on the operator's version.
  return [...sets, { since: OPSETS.last, opset: OPSETS.last }];
}

const sinceOf = (opType: string, opset: number): number | undefined => schemaOf(opType, '', opset)?.since;

function byOperator(forms: readonly ProbedForm[]): Map<string, ProbedForm[]> {
  const groups = new Map<string, ProbedForm[]>();
  for (const form of forms) groups.set(form.opType, [...(groups.get(form.opType) ?? []), form]);
  return groups;
}

function* inTypes(form: ProbedForm, version: string): Iterable<Try> {
  const schema = schemaOf(form.opType, form.domain, form.domain === '' ? form.opset : 1);
  const own = primaryOf(form);
  if (!own) return;
  const place = form.inputs.findIndex((operand) => operand && elemOf(operand) === own);
  const formals = place < 0 ? schema?.outputs : schema?.inputs;
  const allowed = schema
    ? admitted(schema, formals?.[Math.min(Math.max(place, 0), formals.length - 1)]?.type)
    : narrowed;
  for (const elem of kernelTypes) {
    if (elem !== own && !allowed.includes(elem)) continue;
    const admits = (side: 'inputs' | 'outputs', index: number): boolean => {
      const list = schema?.[side];
      return !schema || !list || admitted(schema, list[Math.min(index, list.length - 1)]?.type).includes(elem);
    };
    yield { version, elem, form: retyped(form, own, elem, admits) };
  }
}

const elemOf = (operand: NonNullable<ProbedForm['inputs'][number]>): DataType =>
  'elem' in operand ? operand.elem : operand.tensor.type;

/** The type that a form varies: of its float operands, else of its first operand, else of its first output. */
function primaryOf({ inputs, outputs }: ProbedForm): DataType | undefined {
  const given = inputs.flatMap((operand) => (operand ? [elemOf(operand)] : []));
  return given.includes('float32') ? 'float32' : (given[0] ?? outputs[0]);
}

const admitted = ({ typeConstraints }: OperatorSchema, type: string | undefined): readonly string[] =>
  type === undefined ? [] : (typeConstraints.get(type) ?? [type]);
