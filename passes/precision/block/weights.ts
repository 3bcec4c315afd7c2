/** Makes the constants of weights in blocks: each weight is quantized once for all products and tables that read it in the same way. */
import { agreed } from '../../../src/ir/tensors/bank.js';
import { castTensor } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { chosenRounding } from './error.js';
import { type BlockForm, type BlockMatrix, fittedTo } from './form.js';
import type { Importance } from './importance.js';
import { blockTensors } from './packed.js';

/** A constant float weight: `Weight` of a product, or the rows of a table. */
export interface StoredMatrix extends BlockMatrix {
  readonly stored: Value;
}

/** The constants of a weight in blocks. */
export interface BlockConstants {
  readonly codes: Value;
  readonly scales: Value;
  readonly zeros: Value | undefined;
}

export interface BlockOptions {
  /** Forms to choose from, the narrowest first. */
  readonly forms: readonly BlockForm[];
  /** The limit of the change of a weight, relative to its norm. */
  readonly maxWeightError: number;
  /** The importances by `weightKey`. */
  readonly importances: ReadonlyMap<string, Importance>;
}

export class BlockWeights {
  readonly #chosen = new Map<string, BlockForm | string>();
  readonly #made = new Map<string, Value>();

  constructor(readonly options: BlockOptions) {}

  /** The narrowest form within the limit, or the reason that there is none. `taken` gives the form that its readers take instead, if they can. */
  formOf(matrix: StoredMatrix, taken: (form: BlockForm) => BlockForm | undefined = (form) => form): BlockForm | string {
    const key = weightKey(matrix);
    const form =
      this.#chosen.get(key) ??
      this.#choose(
        matrix,
        this.options.forms.flatMap((one) => taken(one.isNormal ? one : fittedTo(matrix, one)) ?? []),
      );
    this.#chosen.set(key, form);
    return form;
  }

  /** The constants of a weight in this form, in the graph of `stored`; `factor` multiplies every number. Codes are the same whatever the scales are. */
  constantsOf(matrix: StoredMatrix, form: BlockForm, elem: DataType, factor = 1): BlockConstants {
    const { graph, name } = matrix.stored;
    const key = `${weightKey(matrix)} ${form.block} ${form.isNormal} ${form.isNearest}`;
    const { codes, scales, zeros } = blockTensors(
      matrix,
      form,
      this.options.importances.get(weightKey(matrix)),
      factor,
    );
    const once = (part: string, tensor: Tensor, of = key): Value => {
      const made = this.#made.get(`${part} ${of}`) ?? graph.constant(tensor, `${name}_${part}`);
      this.#made.set(`${part} ${of}`, made);
      return made;
    };
    return {
      codes: once(`${form.bits}bit`, codes),
      scales: once('scales', castTensor(scales, elem), `${key} ${elem} ${factor}`),
      zeros: zeros && once('zeros', zeros),
    };
  }

  #choose(matrix: StoredMatrix, forms: readonly BlockForm[]): BlockForm | string {
    const { maxWeightError, importances } = this.options;
    const known = importances.get(weightKey(matrix));
    const found = agreed(matrix.tensor, (tensor) => {
      for (const [index, form] of forms.entries()) {
        const found = chosenRounding({ ...matrix, tensor }, form, known);
        if (found === undefined) return 'its weight holds NaN or infinity';
        if (found.error <= maxWeightError) return found.isNearest ? -1 - index : index;
      }
      return `its weight would change by more than ${maxWeightError} of its norm (option maxWeightError)`;
    });
    if (typeof found === 'string') return found;
    return found < 0 ? { ...(forms[-1 - found] as BlockForm), isNearest: true } : (forms[found] as BlockForm);
  }
}

/** A key of a weight, and of the way in which products read it. */
export const weightKey = ({ stored, isTransposed }: StoredMatrix): string =>
  `${stored.graph.name} ${stored.sequence} ${isTransposed}`;
