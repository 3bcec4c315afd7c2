/** A model in a comparison. */
import type { Model } from '../../ir/model.js';
import type { RuntimeProcess } from '../../runtime/isolate.js';
import type { PreparedModel } from './prepared-model.js';

/** A model in a comparison. It is written for the runtime at its first run. */
export interface ComparedModel {
  readonly model: Model;
  readonly runtime: RuntimeProcess;
  prepared(): Promise<PreparedModel>;
}
