/** Sessions of onnxruntime-node: the one that is installed beside this package, or in the folder that the user names. */
import type { InferenceSession as Session } from 'onnxruntime-node';
import { runtimeRequire } from '../installed-runtime.js';
import { isHost } from '../ir/targets/targets.js';
import { keepFloat16Bits } from './float16-bits.js';
import type { HostedSession } from './hosted-session.js';
import { exchangedOutputs, feedsOf, portOf, refuseOutputs, resultsOf } from './ort-tensors.js';
import type { Calls, LoadOptions, RunResult, RunTimes, Tensors } from './protocol.js';

const RUNTIME = 'onnxruntime-node';

const { InferenceSession, Tensor }: typeof import('onnxruntime-node') = (await runtimeRequire())(RUNTIME);
keepFloat16Bits(Tensor);

/** Options that belong to a provider and not to the session. */
const OF_PROVIDER = ['preferredLayout'];

const pick = ({ session = {} }: LoadOptions, isPicked: (name: string) => boolean): object =>
  Object.fromEntries(Object.entries(session).filter(([name]) => isPicked(name)));

const sessionOptions = (options: LoadOptions): object => pick(options, (name) => !OF_PROVIDER.includes(name));

function providerOptions(options: LoadOptions): Session.ExecutionProviderConfig {
  const own = pick(options, (name) => OF_PROVIDER.includes(name));
  return Object.keys(own).length > 0 ? { name: options.provider, ...own } : options.provider;
}

/** Bytes of a weight from which on it stands in the file of weights. */
const EXTERNAL_FROM = '1024';

export async function loadNative({
  model,
  options,
  profilePrefix,
}: Pick<Calls['load']['arguments'], 'model' | 'options' | 'profilePrefix'>): Promise<HostedSession> {
  const settings: Session.SessionOptions = {
    executionProviders: [providerOptions(options)],
    graphOptimizationLevel: options.saveTo ? 'extended' : options.optimize ? 'all' : 'disabled',
    ...(options.saveTo && { optimizedModelFilePath: options.saveTo.path }),
    logSeverityLevel: 3,
    ...sessionOptions(options),
    ...(options.threads && { intraOpNumThreads: options.threads }),
    extra: {
      session: {
        ...(options.noFallback && { disable_cpu_ep_fallback: '1' }),
        ...(!options.spins && { intra_op: { allow_spinning: '0' } }),
        ...(options.saveTo?.dataName && {
          optimized_model_external_initializers_file_name: options.saveTo.dataName,
          optimized_model_external_initializers_min_size_in_bytes: EXTERNAL_FROM,
        }),
      },
    },
    ...(profilePrefix && { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
  const used = process.cpuUsage();
  const start = performance.now();
  const session =
    typeof model === 'string'
      ? await InferenceSession.create(model, settings)
      : await InferenceSession.create(model, settings);
  const ms = performance.now() - start;
  const cpuMs = hasFineCpuClock() ? cpuMsSince(used) : ms;
  return {
    inputs: session.inputMetadata.map(portOf),
    outputs: session.outputMetadata.map(portOf),
    ms,
    cpuMs,
    run: (feeds, outputs) => run(session, feeds, outputs, isHost(options.provider)),
    time: (feeds, count) => time(session, feeds, count),
    endProfiling: async () => session.endProfiling(),
    release: () => session.release(),
  };
}

async function run(
  session: Session,
  feeds: Tensors,
  outputs: readonly string[] | undefined,
  isOnCpu: boolean,
): Promise<RunResult> {
  // Returning one of a type that is not exchanged ends the process.
  refuseOutputs(session.outputMetadata, outputs, RUNTIME);
  const inputs = feedsOf(feeds, Tensor, RUNTIME);
  const used = process.cpuUsage();
  const start = performance.now();
  const results = outputs ? await session.run(inputs, [...outputs]) : await session.run(inputs);
  const ms = performance.now() - start;
  const waitedMs = isOnCpu && hasFineCpuClock() ? Math.max(0, ms - cpuMsSince(used)) : 0;
  return { outputs: resultsOf(results), ms, waitedMs };
}

async function time(session: Session, feeds: Tensors, count: number): Promise<RunTimes> {
  const inputs = feedsOf(feeds, Tensor, RUNTIME);
  // Outputs that cannot be exchanged are left out, as in `run`; the others are not copied to the parent.
  const names = exchangedOutputs(session.outputMetadata);
  const ms: number[] = [];
  const cpuMs: number[] = [];
  for (let i = 0; i < count; i++) {
    const used = process.cpuUsage();
    const start = performance.now();
    await (names.length ? session.run(inputs, names) : session.run(inputs));
    ms.push(performance.now() - start);
    cpuMs.push(cpuMsSince(used));
  }
  return { ms, cpuMs: hasFineCpuClock() ? cpuMs : ms };
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

let cpuTick: number | undefined;

/**
 * True where CPU time is exact to a fraction of a millisecond. Windows counts in ticks of 16 ms; there the clock of one
 * thread is better.
 */
function hasFineCpuClock(): boolean {
  if (cpuTick === undefined) {
    const before = process.cpuUsage();
    do {
      const { user, system } = process.cpuUsage(before);
      cpuTick = user + system;
    } while (cpuTick === 0);
  }
  return cpuTick < 1000;
}
