/** A folder as a whole: both pipelines on the same inputs, their drift, and their pictures. */
import { decibelText, numberText } from '../../../ir/text/quantities.js';
import type { FolderReport, PipelineProof } from '../../../run/folder-report.js';
import { depthChart } from '../charts/depth.js';
import { html, type MarkupPart } from '../markup.js';
import { about, missing, type PageSection, plainTable, sign } from './section.js';

export function pipelineSection({ proof }: FolderReport, picture: string | undefined): PageSection {
  return {
    id: 'pipeline',
    title: 'Pipeline',
    ...(proof && { count: proof.gates.every(({ passed }) => passed) ? 'holds' : 'differs' }),
    body: proof
      ? [
          about(`Both run as a whole on ${proof.provider}, with seed ${proof.seed}.`),
          html`<ul class="gates">${proof.gates.map(({ name, passed, detail }) => html`<li>${sign(passed ? 'good' : 'bad', passed ? 'passed' : 'failed')} <b>${name}</b> ${detail}${stepText(proof, name)}</li>`)}</ul>`,
          errorsWithoutGate(proof),
          diffusion(proof.diffusion, picture),
          (proof.decoding ?? []).map(decoding),
        ]
      : missing(
          'The parts were not run as a whole.',
          'Diffusion pipelines and decoders are, by a run without --no-validate.',
        ),
  };
}

const stepText = ({ parts }: PipelineProof, name: string): string => {
  const step = parts.find(({ part }) => part === name)?.step;
  return step === undefined ? '' : `, most at run ${step}`;
};

/** The error of a part stands at its gate, where there is one. */
function errorsWithoutGate({ parts, gates }: PipelineProof): MarkupPart {
  const others = parts.filter(({ part }) => gates.every(({ name }) => name !== part));
  const rows = others.map(({ part, error, step }) => [
    part,
    numberText(error),
    step === undefined ? '' : `at run ${step}`,
  ]);
  return rows.length > 0 && plainTable(['part', 'error', ''], rows, ' >');
}

function diffusion(found: PipelineProof['diffusion'], picture: string | undefined): MarkupPart {
  if (!found) return undefined;
  const { steps, side, guidance, drift, image } = found;
  return [
    html`<h3>Latent, step by step</h3>`,
    about(`${steps} steps, guidance ${guidance}, a latent of ${side} × ${side} where the model leaves it open.`),
    driftChart(drift, 'Drift of the latent'),
    image && [
      html`<h3>Pictures</h3>`,
      about(
        `PSNR ${decibelText(image.psnr)}, SSIM ${image.ssim.toFixed(4)}.`,
        image.original && ` The original: ${image.original}.`,
        image.result && ` The result: ${image.result}.`,
      ),
      picture
        ? html`<figure class="pictures"><img src="${picture}" alt="The picture of the original, and beside it that of the result"><figcaption><span>original</span><span>result</span></figcaption></figure>`
        : missing('The pictures are not here.', 'A run with --report keeps them beside its JSON.'),
    ],
  ];
}

const decoding = ({
  parts,
  rows,
  steps,
  equal,
  of,
  drift,
}: NonNullable<PipelineProof['decoding']>[number]): MarkupPart => [
  html`<h3>${parts.join(', ')}</h3>`,
  about(`${rows} texts of ${steps} tokens: ${equal} of ${of} tokens agree.`),
  driftChart(drift, 'Drift of the logits'),
];

const driftChart = (drift: readonly number[], label: string): MarkupPart =>
  drift.length > 0 &&
  depthChart(
    drift.map((error, step) => ({ name: `step ${step + 1}`, error })),
    undefined,
    `${label}, ${drift.length} steps`,
  );
