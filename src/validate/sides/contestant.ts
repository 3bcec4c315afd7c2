/** A model in a comparison. */
import type { Model } from '../../ir/model.js';
import type { RuntimeProcess } from '../../runtime/isolate.js';
import type { Subject } from './subject.js';

/** A model in a comparison. It is written for the runtime at its first run. */
export interface Contestant {
  readonly model: Model;
  readonly runtime: RuntimeProcess;
  subject(): Promise<Subject>;
}
