/** The commands that show reports. */
import { csvTables, reportFormats } from '../../src/report/format-names.js';
import type { Command } from './command.js';
import { summaryFlag } from './flag-sets.js';
import { isSo, oneOf, valued } from './flags.js';

const out = valued(
  '<path>',
  'Write it to a file; its ending tells the format: .md, .html, .csv, .json, .svg for a badge, .txt.',
  {
    alias: 'o',
    defaultDescription: 'stdout',
  },
);

export const reportCommands: readonly Command[] = [
  {
    name: 'report',
    positionals: ['report'],
    summary:
      'Show a report that --report out.json wrote: as the run printed it, as Markdown, a page, a table or a badge.',
    flags: {
      out,
      format: { ...oneOf(reportFormats, 'The format.'), defaultDescription: 'by the ending of --out, else text' },
      table: { ...oneOf(csvTables, 'What csv has a row for.'), defaultDescription: 'passes' },
      part: valued('<name>', 'Of the report of a folder: the part that is meant.'),
      earlier: valued(
        '<report>',
        'Of a page: an earlier report of the same model; what came of its opportunities is said.',
      ),
      coverage: isSo('Show types by bytes and by arithmetic too.'),
      ...summaryFlag,
    },
  },
  {
    name: 'report diff',
    positionals: ['baseline', 'report'],
    summary:
      'Show what became of a result since a baseline, e.g. this commit against main. Exit code 5 where a gate fails.',
    flags: {
      'not-slower': isSo('Gate: not significantly slower than the baseline, each timed against the original.'),
      'not-larger': isSo('Gate: the file is not larger.'),
      'not-less-exact': isSo('Gate: the error against the original is not larger.'),
      out,
      format: {
        ...oneOf(['text', 'md', 'json'], 'The format.'),
        defaultDescription: 'by the ending of --out, else text',
      },
      ...summaryFlag,
    },
  },
];
