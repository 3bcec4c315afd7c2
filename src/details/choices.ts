/** Sizes at which models are described where they leave them open: those that people run models at. */
import type { SizeChoice } from '../coverage/sized.js';
import type { DimSize } from '../ir/dims/range.js';
import type { Model } from '../ir/model.js';

/** What a user says of sizes. */
export interface GivenSizes {
  readonly dims?: Readonly<Record<string, DimSize>> | undefined;
  readonly shapes?: Readonly<Record<string, readonly number[]>> | undefined;
}

/** Shapes of inputs by the model, the best choice first. */
export async function choicesOf({ dims, shapes = {} }: GivenSizes): Promise<SizeChoice[]> {
  const { shapesOf, sizeChoices, typicalSizes } = await import('../validate/inputs/sizes.js');
  return [...typicalSizes, ...sizeChoices].map((sizes) => (one: Model) => {
    const names = new Set(one.graph.inputs.map(({ name }) => name));
    const own = Object.fromEntries(Object.entries(shapes).filter(([name]) => names.has(name)));
    return shapesOf(one, sizes, { dims, shapes: own });
  });
}
