/** A cure: other nodes for one that has no kernel on the target, which give the same numbers. */
import type { Facts } from '../../src/infer/index.js';
import type { Node } from '../../src/ir/node.js';
import type { DataType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { Rewriter } from '../../src/match/rewriter.js';

/** The questions open to a cure. All come before the first op is built. */
export interface CureScope {
  readonly node: Node;
  /** The element type by which kernels of the node are asked for: that of its first input. */
  readonly elem: DataType;
  readonly opset: number;
  readonly facts: Facts;
  readonly build: Rewriter;
  /** Whether the target runs the op of ai.onnx at this opset; `made`: the type that a Cast makes. */
  runs(opType: string, elem: DataType, made?: DataType): boolean;
}

/** What stands for the first output, and the values that both are computed from: the node's inputs where none are told. */
export interface Cured {
  readonly value: Value;
  readonly operands?: readonly Value[];
}

/** The first output by other nodes; a text says why it cannot be, undefined that the cure is for other nodes. */
export type Cure = (scope: CureScope) => Cured | string | undefined;

/** Ops whose kernels are asked for by bool. */
const ofBool = new Set(['And', 'Not', 'Or', 'Xor']);

/** The reason that one of these ops does not run; undefined where all do. */
export function lacking(uses: string, { elem, runs }: Pick<CureScope, 'elem' | 'runs'>): string | undefined {
  const missing = uses.split(' ').find((opType) => !runs(opType, ofBool.has(opType) ? 'bool' : elem));
  return missing && `${missing} of ${elem}, which would stand for it, has none either`;
}
