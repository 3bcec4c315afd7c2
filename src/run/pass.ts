/** What a pass is: a named transformation of a model, with options declared once. */
import { z } from 'zod';
import { Model } from '../ir/model.js';
import type { Tensor } from '../ir/tensor.js';
import { UsageError } from '../ir/usage-error.js';
import type { RuleHost, Target } from '../match/rule.js';
import { checkDefinition } from './definition.js';
import { checkOptionNames, zodText } from './options.js';
import type { TargetCpu } from './target-cpu.js';

/** What a pass may do to the numbers; picks the accuracy gate. exact: the same algebra, up to the order of float32 sums; rounding: a narrower float; lossy: quantization. */
export type Fidelity = 'exact' | 'rounding' | 'lossy';

export type { Target };

/** What a pass may ask and tell while it runs. */
export interface PassContext extends RuleHost {
  /** Goes on with a copy that has few repeats of each block for all of them; the pipeline stamps the others out at its end. */
  shorten(model: Model): void;
  /**
   * Runs a model without inputs on the runtime's CPU provider and gives its outputs in order;
   * undefined where there is no runtime (a browser). Rejects when the runtime does.
   */
  readonly evaluate: ((model: Model) => Promise<Tensor[]>) | undefined;
  /** The CPUs that the result is meant for, where the target is `cpu`; undefined for all. */
  readonly targetCpu: readonly TargetCpu[] | undefined;
}

export interface PassDefinition<Schema extends z.ZodType = z.ZodType> {
  /** The file's name, and the name on the command line. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One sentence: the line of --help and the row of the README. */
  readonly summary: string;
  readonly fidelity: Fidelity;
  /**
   * What it must be given: inferred types; all repeats of a block, where `regional` has left few for many; as constants of a
   * local function, the weights that its calls hand in.
   */
  readonly needs?: readonly ('types' | 'repeats' | 'weights')[];
  /** The least ai.onnx opset of what it emits: an older model is raised to it first, if every node can be. */
  readonly opset?: number;
  /** True where all it does is to ask for `shorten`: it is given the model itself. */
  readonly shortens?: boolean;
  /** True where removing what nothing reads is its work: a model in which it finds that alone is changed. */
  readonly clears?: boolean;
  readonly options: Schema;
  /**
   * For a pass whose purpose on the target is speed: the other options that tuning tries beside those asked for, perhaps none. It asks
   * `leaves` of every place before it edits there.
   */
  variants?(options: z.output<Schema>, target: Target): readonly z.output<Schema>[] | undefined;
  /** Edits the model in place. Running it twice equals running it once. */
  run(model: Model, options: z.output<Schema>, context: PassContext): void | Promise<void>;
}

/** A pass with its options: what a pipeline is a list of. */
export interface Pass {
  readonly definition: PassDefinition;
  readonly options: unknown;
}

/** Makes passes: `bf16()` or `bf16({ keep: ['Softmax'] })`. */
// biome-ignore lint/suspicious/noExplicitAny: a catalogue holds factories of every option type
export type PassFactory<Schema extends z.ZodType = any> = ((options?: z.input<Schema>) => Pass) & {
  readonly definition: PassDefinition<Schema>;
};

/** What a pass may leave out of its definition. */
export type PassSpec<Schema extends z.ZodType> = Omit<PassDefinition<Schema>, 'options'> & {
  /** Absent for a pass that has none. */
  readonly options?: Schema;
};

const definitions = new WeakSet<PassDefinition>();

/**
 * Defines a pass. Throws TypeError for a definition that is none. The factory throws UsageError for an option of an unknown name, and
 * for a value that the schema refuses.
 */
export function definePass<Schema extends z.ZodType = z.ZodObject<Record<never, never>>>(
  spec: PassSpec<Schema>,
): PassFactory<Schema> {
  checkDefinition(spec);
  const { name, options = z.object({}) } = spec;
  const definition = { ...spec, options, run: inPlace(spec) } as unknown as PassDefinition;
  definitions.add(definition);
  const factory = (given?: z.input<Schema>): Pass => {
    checkOptionNames(definition, given);
    const checked = options.safeParse(given ?? {});
    if (!checked.success) throw new UsageError(`pass ${name}: option ${zodText(checked.error)}`);
    return { definition, options: checked.data };
  };
  return Object.assign(factory, { definition }) as unknown as PassFactory<Schema>;
}

/** True for what a factory of this copy of the package made. */
export const isPass = (found: unknown): found is Pass =>
  typeof found === 'object' && found !== null && definitions.has((found as Pass).definition);

export const isPassFactory = (found: unknown): found is PassFactory<z.ZodType> =>
  typeof found === 'function' && definitions.has((found as Partial<PassFactory>).definition as PassDefinition);

/** The work of a pass, which throws TypeError where it returns a model: that would be lost without a word. */
function inPlace<Schema extends z.ZodType>(spec: PassSpec<Schema>): PassDefinition<Schema>['run'] {
  const expectNothing = (result: unknown): void => {
    if (result instanceof Model)
      throw new TypeError('run: expected nothing; found a model. A pass edits the one that it is given');
  };
  return (model, options, context) => {
    const result: unknown = spec.run(model, options, context);
    return result instanceof Promise ? result.then(expectNothing) : expectNothing(result);
  };
}
