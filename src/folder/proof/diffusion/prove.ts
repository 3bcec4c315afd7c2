/** Original and result of a diffusion pipeline, run as a whole on the same noise and texts: pictures, drift, and the part that an error comes from. */
import type { ProgressListener } from '../../../ir/text/progress.js';
import { numberText, percentText } from '../../../ir/text/quantities.js';
import type { PipelineProof } from '../../../run/folder-report.js';
import type { Provider } from '../../../runtime/isolate.js';
import type { Gate } from '../../../validate/judge/gates.js';
import type { FolderLayout } from '../../plan/layout.js';
import { partErrors, partGates } from '../part-errors.js';
import { distance, type Numbers, type Sides } from '../place.js';
import { inRuntime } from '../proof-run.js';
import { faultOfPicture, type Picture, pictureOf, psnrOf, ssimOf } from './picture.js';
import { type DiffusionParts, type DiffusionRun, type DiffusionSettings, runDiffusion } from './run.js';

export interface ProofSettings extends Partial<Omit<DiffusionSettings, 'provider'>> {
  readonly provider: Provider;
  readonly gate: Gate;
}

/** The models of a diffusion pipeline; undefined where it is none. */
export function diffusionPartsOf({ kind, parts }: FolderLayout): DiffusionParts | undefined {
  const of = (role: string): string[] => parts.filter((part) => part.role === role).map(({ path }) => path);
  const [denoiser, ...more] = of('denoiser');
  if (kind !== 'diffusers' || denoiser === undefined || more.length > 0) return undefined;
  return { textEncoders: of('text encoder'), denoiser, vaeDecoder: of('VAE decoder')[0] };
}

/** Runs both pipelines and judges. A model that does not run is a failure of its part. */
export async function provePipeline(
  parts: DiffusionParts,
  { original, result }: Sides,
  { gate, provider, ...given }: ProofSettings,
  say: ProgressListener,
): Promise<{ readonly proof: PipelineProof; readonly pictures?: readonly [Picture, Picture] }> {
  const settings: DiffusionSettings = { steps: 4, side: 16, seed: 0, guidance: 5, ...given, provider };
  return inRuntime({ seed: settings.seed, provider }, async (runtime) => {
    const a = await runDiffusion(original, parts, settings, runtime, (text, left) => say(`original: ${text}`, left));
    const errors = await partErrors(a.runs, result, provider, runtime, (text, left) => say(`each part: ${text}`, left));
    const b = await runDiffusion(result, parts, settings, runtime, (text, left) => say(`result: ${text}`, left));
    return judged(a, b, errors, settings, gate);
  });
}

function judged(
  a: DiffusionRun,
  b: DiffusionRun,
  parts: PipelineProof['parts'],
  settings: DiffusionSettings,
  gate: Gate,
) {
  const { maxError, minPsnr } = gate;
  const drift = a.latents.map((latent, i) => distance(latent, b.latents[i] as Numbers));
  const gates = partGates(parts, gate);
  const { seed, provider, ...shown } = settings;
  const base = { seed, provider, parts };
  if (!a.image || !b.image) return { proof: { ...base, diffusion: { ...shown, drift }, gates } };
  const pictures = [a.image, b.image].map(({ shape, values }) => pictureOf(shape, values)) as [Picture, Picture];
  const [psnr, ssim] = [psnrOf(...pictures), ssimOf(...pictures)];
  const [before, after] = pictures.map(faultOfPicture);
  const isNewFault = after !== undefined && after !== before;
  const image = {
    psnr: Number.isFinite(psnr) ? psnr : null,
    ssim,
    ...(before && { original: before }),
    ...(after && { result: after }),
  };
  const worst = [...parts].sort((x, y) => y.error - x.error)[0];
  const made = isNewFault || !(psnr >= minPsnr) ? `; ${firstBad(drift, maxError)}${worst?.part} is furthest off` : '';
  return {
    pictures,
    proof: {
      ...base,
      diffusion: { ...shown, drift, image },
      gates: [
        ...gates,
        {
          name: 'picture',
          passed: !isNewFault && psnr >= minPsnr,
          detail: `${isNewFault ? `${after}, the original's is not; ` : ''}PSNR ${numberText(psnr)} dB, at least ${minPsnr}; SSIM ${percentText(ssim)}${made}`,
        },
      ],
    },
  };
}

/** The first step whose latent is off by more than a part may be. */
function firstBad(drift: readonly number[], limit: number): string {
  const step = drift.findIndex((error) => !(error <= limit));
  return step < 0 ? '' : `latents differ from step ${step + 1} on; `;
}
