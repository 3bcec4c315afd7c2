/** Runs a session whose outputs may not all be tensors. */
import { RuntimeError, type Session, type TensorData, type Tensors } from '../../runtime/isolate.js';

/**
 * Runs a session and returns the outputs that can be read: all, or the tensors alone where sequences and maps are among
 * them.
 */
export async function runTensors(session: Session, feeds: Tensors): Promise<Record<string, TensorData>> {
  const tensors = session.outputs.filter(({ type }) => type !== undefined).map(({ name }) => name);
  if (tensors.length === session.outputs.length) return (await session.run(feeds)).outputs;
  try {
    // A present optional comes as a tensor; sequences and maps make the whole run fail.
    return (await session.run(feeds)).outputs;
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind !== 'error' || !/sequences and maps/.test(error.message))
      throw error;
    return tensors.length ? (await session.run(feeds, tensors)).outputs : {};
  }
}
