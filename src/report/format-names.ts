/** The names of formats and tables: the command line knows them without the code that shows a report. */
export const reportFormats = ['text', 'json', 'md', 'html', 'csv', 'badge'] as const;
export type ReportFormat = (typeof reportFormats)[number];

export const csvTables = ['passes', 'nodes', 'weights'] as const;
/** The tables that `reportCsv` writes. */
export type CsvTable = (typeof csvTables)[number];
