/** Writes a result as a Markdown table; the JSON beside it has all numbers. */
import type { BenchResult, ModelResult, StepResult } from './result.js';

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0);
const milliseconds = (ms: number): string => ms.toFixed(ms < 10 ? 3 : ms < 100 ? 2 : 1);

export function tableOf(result: BenchResult): string {
  const { machine, sampling } = result;
  const gpus = machine.gpus.map(({ name, driver }) => `${name} (driver ${driver})`);
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return `${[
    `# ${result.provider} on ${result.device}, ${result.size}`,
    `${result.date.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpu}, ${machine.available} cores, load ${machine.load.toFixed(1)} · ${gpus.join(', ') || 'no NVIDIA GPU'} · ${machine.os}`,
    `${versions.join(' · ')} · seed ${result.seed}`,
    `${sampling.rounds} rounds, interleaved, order rotating; a sample is the mean over about ${sampling.sampleMs} ms of runs after ${sampling.warmUp} of warm-up. Time: median [quartiles]. Speed-up: ratio to float32 within a round [99 % interval]; "n.s." is not significant. Every variant, float32 too, runs with all of onnxruntime's own optimizations. Accuracy: the worst output, against float32 with those off; max rel is the largest difference over the largest magnitude. Gate: the fidelity whose limits hold, or what breaks them.`,
    ...result.models.map(modelTable),
  ].join('\n\n')}\n`;
}

function modelTable({ kind, dims, parameters, steps }: ModelResult): string {
  const sizes = Object.entries(dims).map(([name, value]) => `${name} ${value}`);
  const base = steps[0]?.bytes;
  return [
    `## ${kind}`,
    '',
    `${(parameters / 1e6).toFixed(parameters < 1e6 ? 2 : 0)} M parameters · ${sizes.join(', ')}`,
    '',
    '| step | ms | speed-up | MB | size | cosine | max rel | gate | create ms | on the CPU instead |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...steps.map((step) => row(step, base)),
  ].join('\n');
}

function row(step: StepResult, base: number | undefined): string {
  const bytes = step.bytes === undefined ? '' : megabytes(step.bytes);
  const share = step.bytes && base ? `${(step.bytes / base).toFixed(2)}×` : '';
  if (step.status === 'failed')
    return `| ${step.name} | failed to ${step.stage} | | ${bytes} | ${share} | ${oneCell(step.message)} | | | | |`;
  const { run, speedup, accuracy, gate, fallbacks } = step;
  const cosine = Math.min(1, ...accuracy.map((output) => output.cosine));
  const maxRel = Math.max(0, ...accuracy.map((output) => output.maxRel));
  const nonFinite = accuracy.reduce((sum, output) => sum + output.nonFinite.result, 0);
  const ratio = speedup
    ? `${speedup.median.toFixed(2)}× [${speedup.low.toFixed(2)}, ${speedup.high.toFixed(2)}]${speedup.significant ? '' : ' n.s.'}`
    : '';
  return `| ${[
    step.name,
    `${milliseconds(run.median)} [${milliseconds(run.low)}, ${milliseconds(run.high)}]`,
    ratio,
    bytes,
    share,
    accuracy.length ? cosine.toFixed(6) : 'unknown',
    accuracy.length ? `${maxRel.toExponential(1)}${nonFinite ? `, ${nonFinite} not finite` : ''}` : 'unknown',
    gate.violations.length ? oneCell(gate.violations.join('; ')) : gate.fidelity,
    step.createMs.toFixed(0),
    Object.entries(fallbacks)
      .map(([op, count]) => `${op} ×${count}`)
      .join(' '),
  ].join(' | ')} |`;
}

const oneCell = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 200);
