/** What all proofs of pipelines share: a runtime that ends with them, and models of one side whose runs are recorded. */
import type { PipelineProof } from '../../run/folder-report.js';
import { type Port, type Provider, RuntimeProcess, type Tensors } from '../../runtime/isolate.js';
import { PartFailure, type PartRun, type Place, withPart } from './place.js';

/** Runs and judges in a runtime of its own. A model that does not run is a failure of its part. */
export async function inRuntime<T extends { readonly proof: PipelineProof }>(
  base: Pick<PipelineProof, 'seed' | 'provider'>,
  prove: (runtime: RuntimeProcess) => Promise<T>,
): Promise<T | { readonly proof: PipelineProof }> {
  const runtime = await RuntimeProcess.start();
  try {
    return await prove(runtime);
  } catch (error) {
    if (!(error instanceof PartFailure)) throw error;
    const detail = `it does not run in the pipeline: ${error.message}`;
    return { proof: { ...base, parts: [], gates: [{ name: error.part, passed: false, detail }] } };
  } finally {
    await runtime.close();
  }
}

/** A model that is loaded. */
export interface LoadedPart {
  readonly part: string;
  readonly inputs: readonly Port[];
  run(feeds: Tensors): Promise<PartRun['outputs']>;
}

/** The models of one side. */
export class RecordedParts {
  /** In the order in which they were run. */
  readonly runs: PartRun[] = [];

  constructor(
    readonly place: Place,
    readonly provider: Provider,
    readonly runtime: RuntimeProcess,
  ) {}

  /** Loads a model and works with it. Rejects with PartFailure where the runtime refuses. */
  load<T>(part: string, work: (model: LoadedPart) => Promise<T>): Promise<T> {
    return withPart(this.runtime, this.place, part, this.provider, (session) =>
      work({
        part,
        inputs: session.inputs,
        run: async (feeds) => {
          const { outputs } = await session.run(feeds);
          this.runs.push({ part, feeds, outputs });
          return outputs;
        },
      }),
    );
  }
}
