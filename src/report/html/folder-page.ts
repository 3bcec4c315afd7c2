/** The page of a folder: its parts, the pipeline as a whole, and the passes of each part. */
import { bytesText, msText } from '../../ir/text/quantities.js';
import { shownText, withTexts } from '../../ir/text/shown-text.js';
import type { FolderReport } from '../../run/folder-report.js';
import { type DetailedReport, withDetails } from './details.js';
import { documentText } from './document.js';
import { baseName, changeText } from './facts.js';
import { html } from './markup.js';
import { opportunitiesOf } from './next/opportunities.js';
import { PageBuilder } from './page-builder.js';
import { opportunityList } from './sections/next.js';
import { isShort, partsSection, sizeOfPart } from './sections/parts.js';
import { passesSection } from './sections/passes.js';
import { pipelineSection } from './sections/pipeline.js';
import { command, missing, type PageSection } from './sections/section.js';
import { verdictCards } from './sections/verdict.js';

/** The page as text; `picture` is a PNG of both pictures, original first. */
export function folderPage(given: FolderReport, picture?: Uint8Array): string {
  const report = withTexts(given, shownText);
  const reports = report.parts.flatMap((part) =>
    part.report ? [{ name: part.name, report: withDetails(part.report) }] : [],
  );
  return documentText({
    title: shownText(baseName(given.input.replace(/[\\/]+$/, '')) || given.input),
    subtitle: [report.layout, `${report.parts.length} models`, msText(report.ms)],
    sections: [
      verdict(report),
      partsSection(report),
      pipelineSection(report, picture && `data:image/png;base64,${base64(picture)}`),
      ...reports.map(({ name, report: part }, at) => partSection(name, part, at)),
      recipe(report),
    ],
    data: new PageBuilder().data,
  });
}

function verdict(report: FolderReport): PageSection {
  const { parts, folder, isWritten } = report;
  const [before, after] = [
    parts.reduce((bytes, part) => bytes + part.inputBytes, 0),
    parts.reduce((bytes, part) => bytes + sizeOfPart(part), 0),
  ];
  const failed = parts.filter(({ state }) => state === 'failed').length;
  const tone = !isWritten ? 'bad' : parts.some(isShort) ? 'warn' : 'good';
  const isPlan = parts.every(({ state }) => state === 'planned');
  const size = `${bytesText(after)}, from ${bytesText(before)}${before === after ? '' : ` (${changeText(before, after)})`}`;
  const text = isPlan
    ? `A plan: nothing was done. ${folder} would have about ${size}.`
    : isWritten
      ? `${folder} was written: ${size}.`
      : `Nothing was written: ${failed ? `${failed} of ${parts.length} parts failed` : 'the pipeline differs from the original'}.`;
  return {
    id: 'verdict',
    title: 'Verdict',
    body: html`<p class="headline ${isPlan ? '' : tone}">${text}</p>`,
  };
}

/** One model of the folder, without the graphs: a run on it alone shows these. */
function partSection(name: string, report: DetailedReport, at: number): PageSection {
  const next = opportunitiesOf(report);
  return {
    id: `part-${at}`,
    title: name,
    body: [
      verdictCards(report, false),
      passesSection(report, `${at}-`).body,
      next.length > 0 && [html`<h3>Opportunities</h3>`, opportunityList(next, report)],
    ],
  };
}

const recipe = (report: FolderReport): PageSection => ({
  id: 'recipe',
  title: 'Recipe',
  body: report.command
    ? command(report.command)
    : missing('This report does not say by which command it was made.', 'That of a run from the command line does.'),
});

/** Text of bytes, in pieces that a call's arguments hold. */
function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
