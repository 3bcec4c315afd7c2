/** Operators of ai.onnx, one at a time, on inputs of one shape: what rows say of them is asked of the runtime. */
import type { AttributeLike } from '../../src/ir/attribute.js';
import { buildModel } from '../../src/ir/build.js';
import { stringsTensor, tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import type { DataType } from '../../src/ir/types.js';
import { type OperatorSchema, schemaOf } from '../../src/onnx/schemas/schema.js';
import { operators } from '../../src/onnx/schemas/schema-table.js';
import { writeModel } from '../../src/onnx/write.js';
import { runModel } from '../run-model.js';

/** The newest operator set that the runtime has. */
export const OPSET = 25;

/** Of every operator of ai.onnx that is not withdrawn. */
export const schemas: readonly OperatorSchema[] = [
  ...new Set(operators.split('\n').flatMap((line) => /^[A-Z]\w*/.exec(line) ?? [])),
].flatMap((opType) => {
  const schema = schemaOf(opType, '', OPSET);
  return schema && !schema.isDeprecated ? [schema] : [];
});

/** Attributes without which an operator does not run. */
export const needed: Readonly<Record<string, Readonly<Record<string, AttributeLike>>>> = {
  BitShift: { direction: 'LEFT' },
  Cast: { to: 1 },
  Mod: { fmod: 1 },
};

const preferred = 'float32 int32 bool uint32 string'.split(' ') as DataType[];

/** A type for each required input; undefined where one takes none of the ordinary types. */
export function typesOf({ inputs, typeConstraints }: OperatorSchema): readonly DataType[] | undefined {
  const types = inputs
    .filter(({ isOptional }) => !isOptional)
    .map(({ type }) => {
      const allowed = typeConstraints.get(type) ?? [type];
      return preferred.find((one) => allowed.includes(one) || allowed.length === 0);
    });
  return types.includes(undefined) ? undefined : (types as DataType[]);
}

export const tensor = (
  type: DataType,
  numbers: readonly number[],
  shape: readonly number[] = [numbers.length],
): Tensor => (type === 'string' ? stringsTensor(numbers.map(String), shape) : tensorOf(type, numbers, shape));

/** The first output of each call; undefined where the runtime does not take the operator so. */
export async function runOp(
  opType: string,
  calls: readonly (readonly Tensor[])[],
  attributes: Readonly<Record<string, AttributeLike>> = needed[opType] ?? {},
): Promise<readonly Tensor[] | undefined> {
  const model = buildModel(
    { '': OPSET },
    (g) => {
      for (const [at, inputs] of calls.entries()) {
        const values = inputs.map(({ type, shape }, index) => g.input(`x${at}_${index}`, type, shape));
        g.output(`y${at}`, g.op(opType, values, attributes));
      }
    },
    10,
  );
  const feeds = Object.fromEntries(
    calls.flatMap((inputs, at) => inputs.map((one, index) => [`x${at}_${index}`, one] as const)),
  );
  try {
    const outputs = await runModel(await writeModel(model), feeds);
    return calls.map((_, at) => outputs[`y${at}`] as Tensor);
  } catch {
    return undefined;
  }
}
