/** What a pass is: a named transformation of a model, with options declared once. */

import { z } from 'zod';
import { Model } from '../ir/model.js';
import type { Target } from '../ir/targets/targets.js';
import { UsageError } from '../ir/text/usage-error.js';
import { checkDefinition, type Fidelity, type PassContext, type PassDefinition } from './definition.js';
import { checkOptionNames, zodText } from './options.js';

export type { Fidelity, PassContext, PassDefinition };

/** A pass with its options: what a pipeline is a list of. */
export interface Pass {
  readonly definition: PassDefinition;
  readonly options: unknown;
  /** Of a preset's passes, the targets that one is for: on others it is left out. */
  readonly serves?: (target: Target) => boolean;
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
    if (!checked.success) throw new UsageError(`pass ${name}: option ${zodText(checked.error, given)}`);
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
