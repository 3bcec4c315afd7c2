/** The context of a trial. */
import type { PassContext } from '../../src/run/pass.js';

/** Nothing is told of a trial, and nothing is measured for it. */
export const quiet = (context: PassContext): PassContext => ({
  ...context,
  note: () => {},
  skip: () => {},
  activations: undefined,
  simulated: undefined,
});
