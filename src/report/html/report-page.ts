/** The page of a report: its sections in the order in which they are asked for. */

import { shownText, withTexts } from '../../ir/text/shown-text.js';
import type { Report } from '../../run/report/report.js';
import { type DetailedReport, withDetails } from './details.js';
import { documentText } from './document.js';
import { baseName } from './facts.js';
import { GraphChanges } from './graph/changes.js';
import { PageBuilder } from './page-builder.js';
import { benchmarkSection, machineText } from './sections/benchmark.js';
import { bytesSection } from './sections/bytes.js';
import { errorSection } from './sections/error.js';
import { nextSection } from './sections/next.js';
import { passesSection } from './sections/passes.js';
import { recipeSection } from './sections/recipe.js';
import type { PageSection } from './sections/section.js';
import { structureSection } from './sections/structure.js';
import { nodesSection, sitesSection } from './sections/tables.js';
import { verdictSection } from './sections/verdict.js';
import { weightsSection } from './sections/weights.js';

/** The page as text. `earlier`: a report of the same model, whose opportunities are graded. */
export async function reportPage(given: Report, earlier?: Report): Promise<string> {
  const report = withDetails(withTexts(given, shownText));
  const page = new PageBuilder();
  const sections = await reportSections(report, earlier && withDetails(withTexts(earlier, shownText)), page);
  return documentText({
    title: shownText(baseName(given.input ?? 'model')),
    subtitle: [report.target, report.created.slice(0, 16).replace('T', ' '), machineText(report)].filter(
      (text) => text !== undefined,
    ),
    sections,
    data: page.data,
  });
}

async function reportSections(
  report: DetailedReport,
  earlier: DetailedReport | undefined,
  page: PageBuilder,
): Promise<PageSection[]> {
  const { graph } = report;
  const changes = graph && new GraphChanges({ ...report, graph });
  return [
    verdictSection(report),
    passesSection(report),
    nextSection(report, earlier),
    await structureSection(report, changes, page),
    errorSection(report),
    bytesSection(report),
    nodesSection(changes, page),
    sitesSection(report, page),
    weightsSection(report, page),
    benchmarkSection(report),
    recipeSection(report),
  ];
}
