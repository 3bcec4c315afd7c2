/** The summary of a step of a GitHub workflow: a file that the variable GITHUB_STEP_SUMMARY names. */
import { appendFile } from 'node:fs/promises';
import { UsageError } from '../../src/ir/text/usage-error.js';

/** Throws UsageError where there is no step to summarize. */
export function checkSummary(): string {
  const path = process.env.GITHUB_STEP_SUMMARY;
  if (path) return path;
  throw new UsageError(
    '--summary: expected GITHUB_STEP_SUMMARY, which GitHub sets in a step of a workflow; found none. Elsewhere: --report out.md',
  );
}

/** Adds Markdown to the summary. */
export async function addSummary(markdown: string): Promise<void> {
  await appendFile(checkSummary(), `${markdown}\n`);
}
