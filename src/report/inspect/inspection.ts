/** What a model is made of: for `inspect`, as JSON. */
import { z } from 'zod';
import { numberedText } from '../../ir/dims/symbols.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import type { Shortage } from '../../ir/options/budget.js';
import { any, called, optionsIn, truth } from '../../ir/options/options.js';
import { type Type, typeText } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { type Ranges, rangesOf } from '../../ir/whole-model/ranges.js';
import { type ModelSummary, summarize } from '../../ir/whole-model/summary.js';
import { type BlockInfo, blockInfos, type FindBlocks } from './blocks.js';
import type { ModelCosts } from './inspection-costs.js';
import { type ContentsOf, scopeText, type ValueInfo, valuesOf } from './inspection-values.js';

export interface PortInfo {
  readonly name: string;
  readonly type: string;
}

/** A type that the file declares of a value, and another that its node gives. */
export interface ContradictionInfo {
  readonly scope: string;
  readonly name: string;
  readonly declared: string;
  /** Where the file says so. */
  readonly declaredBy: 'value_info' | 'output';
  readonly inferred: string;
  /** The node. */
  readonly inferredBy: string;
}

/** Inputs that an operator cannot take. */
export interface ViolationInfo {
  readonly scope: string;
  /** The node. */
  readonly node: string;
  readonly expected: string;
  readonly found: string;
}

/** What `inspect` finds in a model: ports, operators, weights, types, costs, and what is wrong with it. */
export interface Inspection extends ModelSummary {
  readonly irVersion: number;
  readonly producer: string;
  readonly name: string;
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  /** The sizes that dims of the inputs may have, by name, as far as the model states them. */
  readonly dims: Ranges;
  readonly functionNames: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** What repeats, then what stands once; none where nobody looked. */
  readonly blocks: readonly BlockInfo[];
  readonly contradictions: readonly ContradictionInfo[];
  readonly violations: readonly ViolationInfo[];
  /** What budgets left unknown, and where. */
  readonly shortages: readonly Shortage[];
  /** What a run costs, where that was counted: see `modelCosts`. */
  readonly costs?: ModelCosts;
  /** Every value of every scope, where asked for. */
  readonly values?: readonly ValueInfo[];
}

/** What `inferTypes` gives for a model. */
interface ModelFacts {
  readonly contents: ContentsOf;
  readonly contradictions: readonly (Omit<ContradictionInfo, 'scope' | 'name' | 'declared' | 'inferred'> & {
    readonly value: Value;
    readonly declared: Type;
    readonly inferred: Type;
  })[];
  readonly violations: readonly (Omit<ViolationInfo, 'scope' | 'node'> & { readonly node: Node })[];
}

interface InspectOptions {
  readonly values?: boolean;
  readonly find?: FindBlocks;
  /** What `modelCosts` gave for the model. */
  readonly costs?: ModelCosts;
}

const inspectOptions = z.object({ values: truth, find: called<FindBlocks>(), costs: any });

/** `facts` are what `inferTypes` gave for the model, `find` finds the repeats of a scope. Unknown dims, `?1`, are numbered over the whole. */
export function inspectModel(model: Model, facts: ModelFacts, given: InspectOptions = {}): Inspection {
  const options: InspectOptions = optionsIn(inspectOptions, given, 'inspectModel');
  const { graph } = model;
  const dimText = numberedText();
  return {
    ...summarize(model),
    irVersion: model.irVersion,
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    name: graph.name,
    inputs: graph.inputs.map(({ name, type }) => ({ name, type: typeText(type, dimText) })),
    outputs: graph.outputPorts.map(({ name, type }, i) => ({
      name,
      type: typeText(graph.outputs[i]?.type ?? type, dimText),
    })),
    dims: rangesOf(model),
    functionNames: model.functions.map(({ domain, name }) => `${domain}.${name}`),
    metadata: Object.fromEntries(model.metadata.map(({ key, value }) => [key, value])),
    blocks: options.find ? blockInfos(model, options.find) : [],
    contradictions: facts.contradictions.map(({ value, declared, declaredBy, inferred, inferredBy }) => ({
      scope: scopeText(value.graph),
      name: value.name,
      declared: typeText(declared, dimText),
      declaredBy,
      inferred: typeText(inferred, dimText),
      inferredBy,
    })),
    violations: facts.violations.map(({ node, expected, found }) => ({
      scope: scopeText(node.graph),
      node: node.label,
      expected,
      found,
    })),
    shortages: model.budget.shortages,
    ...(options.costs && { costs: options.costs }),
    ...(options.values && { values: valuesOf(model, facts.contents, dimText) }),
  };
}
