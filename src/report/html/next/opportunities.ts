/** What could be done next: places that were left, places that run elsewhere, passes that were taken back or not asked for. */
import type { DetailedReport } from '../details.js';
import { outcomeOf } from '../facts.js';
import { hasFlag, passesIn, withCure, withFlags, withOption, withPass } from './commands.js';
import { isNarrowing, leftByPasses, leftInFloat, notFused, optionsOf, timeSaved } from './left.js';
import type { Opportunity } from './opportunity.js';

/** All of a report, the most time first, then the most bytes, then the most places. */
export function opportunitiesOf(report: DetailedReport): Opportunity[] {
  const all = [
    ...takenBack(report),
    ...notFused(report),
    ...leftInFloat(report),
    ...leftByPasses(report),
    ...elsewhere(report),
    ...narrower(report),
    ...notMeasured(report),
    ...madeUp(report),
    ...oneScale(report),
  ];
  return all.sort((a, b) => (b.ms ?? 0) - (a.ms ?? 0) || (b.bytes ?? 0) - (a.bytes ?? 0) || b.count - a.count);
}

function takenBack(report: DetailedReport): Opportunity[] {
  const whole = outcomeOf(report).takenBack.map(({ pass, reason }): Opportunity => {
    const bytes = report.passes.find(({ name }) => name === pass)?.bytes;
    return {
      key: `taken back ${pass}`,
      kind: 'taken back',
      title: `${pass} is not in the result`,
      why: reason,
      count: 1,
      places: [],
      ...(bytes && bytes.before > bytes.after
        ? { bytes: bytes.before - bytes.after }
        : { unknown: 'It was taken back before anything was timed.' }),
      ...withInputs(report, pass),
    };
  });
  const parts = report.passes.flatMap(({ name, takenBack: back }): Opportunity[] =>
    back
      ? [
          {
            key: `taken back places ${name}`,
            kind: 'taken back',
            title: `${name} left ${back.places.length} of ${back.of} places as they were`,
            why: 'With them the pass breaks its accuracy gate.',
            ...{ count: back.places.length, places: back.places },
            unknown: 'What these places alone would save was not measured.',
            ...withInputs(report, name),
          },
        ]
      : [],
  );
  return [...whole, ...parts];
}

/** Real inputs show whether an error matters; where they were given, the options of the pass are what is left. */
function withInputs(report: DetailedReport, pass?: string): Pick<Opportunity, 'help' | 'command'> {
  if (!hasFlag(report, '--inputs'))
    return {
      help: 'Made-up inputs are often harder than real ones: FOLDER holds some: .npz, .json or test_data_set_* for each run.',
      command: withFlags(report, ['--inputs', 'FOLDER']),
    };
  return optionsOf(pass);
}

function elsewhere(report: DetailedReport): Opportunity[] {
  return (report.placement?.causes ?? []).map(({ count, text, cure }) => {
    const nodes = report.graph?.after.nodes.filter(({ cause }) => cause === text).map(({ name }) => name) ?? [];
    return {
      key: `placement ${text}`,
      kind: 'placement',
      title: `${count} node${count === 1 ? '' : 's'} not on ${report.placement?.provider}`,
      why: text,
      ...{ count, places: nodes },
      ...(nodes.length > 0 ? timeSaved(report, nodes) : { unknown: 'The report names no node of this cause.' }),
      ...(cure
        ? { help: 'By a trial on this result these flags end it.', command: withCure(report, cure) }
        : { help: 'No flag is known that ends it. What the target runs:', command: `optimize doctor` }),
    };
  });
}

/** Of float32 the share that 16 bits save. */
const HALF = 0.5;

/** Weights in float32 where no pass that stores them narrower was asked for. */
function narrower(report: DetailedReport): Opportunity[] {
  const { asked } = outcomeOf(report);
  const float = report.model.after.bytesByType['float32'] ?? 0;
  const isNarrowed = asked.some(isNarrowing);
  if (isNarrowed || float < report.model.after.bytes / 2 || float < 1e5) return [];
  const count = 1;
  return [
    {
      key: 'narrower half',
      kind: 'narrower',
      title: 'Weights in 16 bits',
      why: 'No pass that stores weights narrower was asked for. On a GPU it also computes in 16 bits.',
      count,
      places: [],
      bytes: Math.round(float * HALF),
      command: withPass(report, 'half'),
    },
    {
      key: 'narrower int8',
      kind: 'narrower',
      title: 'Weights in 8 bits',
      why: 'MatMul, Gemm and LSTM compute in it on a CPU; the accuracy gate decides whether it stays.',
      count,
      places: [],
      bytes: Math.round(float * 0.75),
      command: withPass(report, 'exact,int8'),
    },
  ];
}

function notMeasured(report: DetailedReport): Opportunity[] {
  if (report.accuracy?.inputs.length) return [];
  return [
    {
      key: 'not measured',
      kind: 'not measured',
      title: 'Nothing was compared',
      why: 'Original and result were not run on the same inputs.',
      count: 1,
      places: [],
      unknown: 'It saves nothing: it shows the error and the speed.',
      command: withFlags(report, [], ['--no-validate']),
    },
  ];
}

/** Errors that were measured with made-up numbers, where more than the noise of sums is at stake. */
function madeUp(report: DetailedReport): Opportunity[] {
  const { accuracy, fidelity } = report;
  if (!accuracy?.inputs.length || fidelity === 'exact') return [];
  if (accuracy.inputs.some((about) => !about.startsWith('generated'))) return [];
  return [
    {
      key: 'inputs',
      kind: 'not measured',
      title: 'Errors are those of made-up inputs',
      why: 'Real ones are often easier: more weights may keep fewer bits, and what an output is for is judged on what it is used for.',
      count: 1,
      places: [],
      unknown: 'How many more weights that lets have fewer bits is known when it has run.',
      ...withInputs(report),
    },
  ];
}

/** The option by which int8 keeps rows of a batch apart; its note on activations names it. */
const BY_ROW = 'activations=row';

function oneScale(report: DetailedReport): Opportunity[] {
  const isByTensor = report.passes.some(
    ({ name, status, notes }) =>
      name === 'int8' && status === 'applied' && notes.some(({ text }) => text.includes(BY_ROW)),
  );
  if (!isByTensor) return [];
  const moved = report.accuracy?.warnings?.find((text) => text.startsWith('a row '));
  const command = withOption(report, 'int8', BY_ROW);
  return [
    {
      key: `int8 ${BY_ROW}`,
      kind: 'not exact',
      title: 'One scale for all rows of a batch',
      why: moved ? `Measured: ${moved}.` : 'A row with NaN or outliers changes what the others give.',
      count: 1,
      places: [],
      unknown: 'It saves nothing: rows are kept apart at the price of some time.',
      help: `int8:${BY_ROW} quantizes each row by itself, which takes some time of a run.${command ? '' : ' A preset takes no options; these are its passes, to be named one by one:'}`,
      command: command ?? `optimize passes ${passesIn(report)}`,
    },
  ];
}
