/** `optimize doctor --probe`: measures which kernels the installed runtime has, and says what differs from the shipped tables. */
import { BROWSER, type Target } from '../../src/ir/targets/targets.js';
import { UsageError } from '../../src/ir/text/usage-error.js';
import { counted, hanging } from '../../src/report/style.js';
import { type KernelDifference, type KernelProbe, probeKernels } from '../../src/runtime/kernels/probe/probe.js';
import type { ProviderProbe } from '../../src/runtime/providers.js';
import type { ProgressLine } from '../terminal/progress-line.js';

/** Lines of differences that are printed; `--json` lists all. */
const MOST = 30;

/** Probes a target, or each that takes nodes here. Throws UsageError where the one that is asked for takes none. */
export async function probeHere(
  providers: readonly ProviderProbe[],
  asked: Target | undefined,
  progress: ProgressLine,
): Promise<KernelProbe[]> {
  const own = providers.find(({ provider }) => provider === asked);
  if (asked && !own?.places)
    throw new UsageError(
      `doctor --probe: expected a provider that takes nodes here; ${asked} does not: ${own?.reason}`,
    );
  const found: KernelProbe[] = [];
  for (const { provider, places, device } of providers) {
    if (!places || provider === BROWSER || (asked && provider !== asked)) continue;
    const started = performance.now();
    const probe = await probeKernels(provider, device, (done, of) => {
      // The first session starts the runtime.
      const leftMs = done < of / 50 ? 0 : ((performance.now() - started) / done) * (of - done);
      progress.say(`probing kernels of ${provider}`, { share: done / of, leftMs });
    });
    found.push(probe);
  }
  progress.clear();
  return found;
}

/** What was probed just now, in lines. */
export function probeLines(probes: readonly KernelProbe[], width: number): string[] {
  return probes.flatMap(({ provider, runtime, answers, differences, path }) => {
    const differ = differences.length === 0 ? 'all as shipped' : `${differences.length} differ from the shipped table`;
    const texts = differenceTexts(differences);
    const more = texts.length > MOST ? [`  … and ${texts.length - MOST} more lines (--json lists all)`] : [];
    return [
      '',
      ...hanging(
        `${provider}: ${counted(answers, 'answer')} of onnxruntime-node ${runtime}, ${differ}; kept in ${path}`,
        width,
      ),
      ...texts.slice(0, MOST).flatMap((text) => hanging(`  ${text}`, width, '    ')),
      ...more,
    ];
  });
}

/** `Conv 22: bfloat16, float16 no → yes` */
function differenceTexts(differences: readonly KernelDifference[]): string[] {
  const types = new Map<string, string[]>();
  for (const { operator, since, type, shipped, here } of differences) {
    const [line, change] = [`${operator} ${since}`, `${shipped ?? 'never tried'} → ${here}`];
    types.set(`${line}\0${change}`, [...(types.get(`${line}\0${change}`) ?? []), type]);
  }
  return [...types].map(([key, list]) => {
    const [line, change] = key.split('\0');
    return `${line}: ${list.join(', ')} ${change}`;
  });
}
