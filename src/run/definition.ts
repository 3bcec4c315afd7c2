/** What the definition of a pass consists of, and a check of each part: where no types were checked they may be anything. */

import type { z } from 'zod';
import type { Model } from '../ir/model.js';
import type { PlacedNode } from '../ir/targets/placed-node.js';
import type { Target } from '../ir/targets/targets.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import { foundText, unknownText } from '../ir/text/usage-error.js';
import type { RuleHost } from '../match/rule.js';
import type { MeasureActivations } from './activations.js';
import type { TargetCpu } from './target-cpu.js';
import type { Trials } from './trials.js';

/** What a pass may do to the numbers; picks the accuracy gate. exact: the same algebra, up to the order of float32 sums; rounding: a narrower float; lossy: quantization. */
export type Fidelity = 'exact' | 'rounding' | 'lossy';

/** What a pass may ask and tell while it runs. */
export interface PassContext extends RuleHost {
  /** Where each node of a model goes whose types are inferred, by the tables of the target; none on the host, where all runs. */
  placed(model: Model): Iterable<PlacedNode>;
  /**
   * Runs a model without inputs on the runtime's CPU provider and gives its outputs in order;
   * undefined where there is no runtime (a browser). Rejects when the runtime does.
   */
  readonly evaluate: ((model: Model) => Promise<Tensor[]>) | undefined;
  /**
   * Runs the model that the pass was given on the user's sets of inputs, and measures values of its main graph; undefined where there are
   * no inputs or no runtime, and for a pass that does not declare that it needs `activations`. Asked before the first edit.
   */
  readonly activations: MeasureActivations | undefined;
  /** The number of sets of inputs that `activations` runs: what is chosen on some is judged on the others. */
  readonly inputSets: number;
  /** The same on made-up inputs, where there are none, for a pass that needs `simulated`: what the layers make of anything, not what is usual. */
  readonly simulated: MeasureActivations | undefined;
  /** Runs copies of the model that the pass made beside the model; undefined where nothing is run. */
  readonly trials: Trials | undefined;
  /** Bytes of the file that a model would be written to; of its constants where nothing can be written. */
  fileBytes(model: Model): number;
  /** The CPUs that the result is meant for, where the target is `cpu`; undefined for all. */
  readonly targetCpu: readonly TargetCpu[] | undefined;
}

/** What a pass declares: its name, options and fidelity, and how it edits a model. */
export interface PassDefinition<Schema extends z.ZodType = z.ZodType> {
  /** The file's name, and the name on the command line. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One sentence: the line of --help and the row of the README. */
  readonly summary: string;
  readonly fidelity: Fidelity;
  /**
   * What it must be given: inferred types; all repeats of a block, where the pipeline has left few for many; as constants of a
   * local function, the weights that its calls hand in; statistics of activations, where there are inputs, and on made-up ones
   * where there are none (and then all repeats, as each has its own).
   */
  readonly needs?: readonly ('types' | 'repeats' | 'weights' | 'activations' | 'simulated')[];
  /** The least ai.onnx opset of what it emits: an older model is raised to it first, if every node can be. */
  readonly opset?: number;
  /** True where it looks for formulas in any float and makes few nodes of them. */
  readonly fuses?: boolean;
  /** True where it changes the float that nodes compute in: it goes behind fusions that are written directly behind it. */
  readonly narrows?: boolean;
  /** True where it looks for what fusions make, and for kernels of the float that narrowing leaves: it goes behind the last of both. */
  readonly awaits?: boolean;
  /** True where removing what nothing reads is its work: a model in which it finds that alone is changed. */
  readonly clears?: boolean;
  readonly options: Schema;
  /**
   * For a pass whose purpose on the target is speed: the other options that tuning tries beside those asked for, perhaps none. It asks
   * `leaves` of every place before it edits there.
   */
  variants?(options: z.output<Schema>, target: Target): readonly z.output<Schema>[] | undefined;
  /** True where it is for bytes: tuning chooses among its forms, and never leaves it out. */
  readonly saves?: boolean;
  /** Edits the model in place. Running it twice equals running it once. */
  run(model: Model, options: z.output<Schema>, context: PassContext): void | Promise<void>;
}

/** Names are words of a command line: `:` and `,` have a meaning there. */
const isName = (name: unknown): name is string =>
  typeof name === 'string' && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name);

const needs: readonly unknown[] = [
  'types',
  'repeats',
  'weights',
  'activations',
  'simulated',
] satisfies PassDefinition['needs'];
const isTruth = (value: unknown): boolean => typeof value === 'boolean';
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isText = (value: unknown): boolean => typeof value === 'string';

/** What each part is expected to be, and whether it has to be there. */
const parts: {
  readonly [Part in keyof PassDefinition]-?: readonly [
    isOne: (value: unknown) => boolean,
    expected: string,
    isNeeded?: boolean,
  ];
} = {
  name: [isName, 'words of small letters and digits with - between them', true],
  aliases: [(value) => Array.isArray(value) && value.every(isName), 'a list of names'],
  summary: [isText, 'one sentence', true],
  fidelity: [(value) => ['exact', 'rounding', 'lossy'].includes(value as string), 'exact | rounding | lossy', true],
  needs: [
    (value) => Array.isArray(value) && value.every((one) => needs.includes(one)),
    `a list of ${needs.join(' | ')}`,
  ],
  opset: [(value) => Number.isSafeInteger(value) && (value as number) > 0, 'a whole number above 0'],
  fuses: [isTruth, 'true or false'],
  narrows: [isTruth, 'true or false'],
  awaits: [isTruth, 'true or false'],
  clears: [isTruth, 'true or false'],
  saves: [isTruth, 'true or false'],
  options: [(value) => isFunction((value as { safeParse?: unknown } | null)?.safeParse), 'z.object({ … })'],
  variants: [isFunction, 'a function'],
  run: [isFunction, 'a function', true],
};

/** Throws TypeError naming the part that is wrong. */
export function checkDefinition(spec: object): void {
  const found = spec as Readonly<Record<string, unknown>>;
  const place = `pass ${isName(found['name']) ? found['name'] : foundText(found['name'])}`;
  for (const part of Object.keys(found))
    if (!Object.hasOwn(parts, part)) throw new TypeError(`${place}: ${unknownText('part', part, Object.keys(parts))}`);
  for (const [part, [isOne, expected, isNeeded]] of Object.entries(parts))
    if (found[part] === undefined ? isNeeded : !isOne(found[part]))
      throw new TypeError(`${place}: ${part}: expected ${expected}; found ${foundText(found[part])}`);
}
