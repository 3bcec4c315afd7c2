/** Extracts a part of a model by the names of its first and last values. */

import { z } from 'zod';
import { inferTypes } from '../infer/index.js';
import type { Model } from '../ir/model.js';
import { optionsIn } from '../ir/options/options.js';
import { expectModel } from '../ir/text/errors.js';
import { editDistance, UsageError } from '../ir/text/usage-error.js';
import type { Value } from '../ir/value.js';
import { checkModel } from '../ir/whole-model/check.js';
import { cloneModel } from '../ir/whole-model/clone.js';
import { cutOut, type NamedValue, namedOutputs } from './cut-out.js';

/** A part of a model, named by the values that it begins and ends with. */
export interface NamedPart {
  /** Names of the values that are fed. Default: the model's inputs, as far as they are read. */
  readonly from?: readonly string[];
  /** Names of the values that are given. Default: the model's outputs, but for those of `from`. */
  readonly to?: readonly string[];
}

/** A part of a model as a model of its own. */
export interface ExtractedModel {
  readonly model: Model;
  /** Inputs of the whole that the part reads beside the values of `from`. */
  readonly needed: readonly string[];
}

/** So many names are told of those like an unknown one. */
const NEAR = 5;

const names = z.array(z.string('expected a name'), 'expected a list of names');
const extractOptions = z.object({ from: names, to: names });

/**
 * The part of a model between values of its main graph. Throws UsageError for a name that no value has, for one of a body or function, and for
 * values that do not lead from one end to the other.
 */
export function extractModel(model: Model, options: NamedPart = {}): ExtractedModel {
  const { from = [], to } = optionsIn(extractOptions, options, 'extractModel');
  expectModel(model, 'extractModel');
  const typed = cloneModel(model);
  inferTypes(typed);
  const values = new NamedValues(typed);
  const fed = [...new Set(from)].map((name) => values.fed(name));
  // An output that is fed is none of the part's, unless it is asked for.
  const given = to
    ? [...new Set(to)].map((name) => values.given(name))
    : values.outputs.filter(({ value }) => !fed.includes(value));
  if (given.length === 0 && !to && fed.length > 0)
    throw new UsageError(
      `from "${fed[0]?.name}": expected values that lead to an output; found the outputs themselves`,
    );
  for (const { name, value } of given)
    if (fed.includes(value))
      throw new UsageError(`to "${name}": expected a value behind those of from; found one of them`);
  const part = cutOut(
    typed,
    fed.map((value) => ({ name: value.name, value })),
    given,
  );
  part.graph.inputs.slice(0, fed.length).forEach((input, i) => {
    if (input.uses.size === 0)
      throw new UsageError(
        `from "${fed[i]?.name}": expected a value that leads to ${to ? to.join(', ') : 'an output'}; found none of these behind it`,
      );
  });
  checkModel(part);
  return { model: part, needed: part.graph.inputs.slice(fed.length).map(({ name }) => name) };
}

/** The values of a main graph by the names that people know them by. */
class NamedValues {
  readonly outputs: readonly NamedValue[];
  readonly #values = new Map<string, Value>();

  constructor(readonly model: Model) {
    for (const value of model.graph.values()) if (value.name) this.#values.set(value.name, value);
    this.outputs = namedOutputs(model.graph);
  }

  given(name: string): NamedValue {
    const port = this.outputs.find((output) => output.name === name);
    if (port) return port;
    const value = this.#valueOf('to', name);
    if (value.isConstant || value.isInput)
      throw new UsageError(
        `to "${name}": expected a value that is computed; found ${value.isInput ? 'an input' : 'a constant'}`,
      );
    return { name, value };
  }

  fed(name: string): Value {
    const value = this.#valueOf('from', name);
    if (value.isConstant) throw new UsageError(`from "${name}": expected a value that is computed; found a constant`);
    if (!value.type)
      throw new UsageError(
        `from "${name}": expected a value of a known type; found one that nothing tells the type of`,
      );
    return value;
  }

  #valueOf(end: 'from' | 'to', name: string): Value {
    const value =
      this.#values.get(name) ?? (end === 'from' ? this.outputs.find((one) => one.name === name)?.value : undefined);
    if (value) return value;
    for (const graph of this.model.graphs()) {
      if (graph === this.model.graph) continue;
      for (const inner of graph.values())
        if (inner.name === name)
          throw new UsageError(
            `${end} "${name}": expected a value of the main graph; found one inside ${graph.owner ? graph.owner.label : `function ${graph.name}`}`,
          );
    }
    throw new UsageError(
      `${end}: unknown value "${name}"; ${this.#nearText(name)}. optimize inspect --values lists all`,
    );
  }

  /** Viewers show the names of nodes: where a node has the name, its outputs are meant. */
  #nearText(name: string): string {
    const node = [...this.model.graph.nodeSet].find((one) => one.name === name);
    const own = node?.outputs.flatMap((value) => (value ? [`"${value.name}"`] : [])) ?? [];
    if (own.length > 0) return `a node has this name, which gives ${own.join(', ')}`;
    const near = [...this.#values]
      .filter(([, value]) => !value.isConstant)
      .map(([key]) => ({ key, edits: editDistance(name, key) - (key.includes(name) ? key.length : 0) }))
      .sort((a, b) => a.edits - b.edits)
      .slice(0, NEAR);
    return `near it are ${near.map(({ key }) => `"${key}"`).join(', ')}`;
  }
}
