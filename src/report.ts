/** Views of a report, from its JSON alone: `onnx-passes/report`. Every name is listed by hand; none needs a model or a runtime. */
export { type ReportHtmlOptions, reportHtml } from './report/html/report-html.js';
export { reportMarkdown } from './report/markdown.js';
export { reportText } from './report/text.js';
export type { TextOptions } from './report/text-options.js';
export type { NodeDetails } from './run/report/details/readable.js';
export { nodeDetails } from './run/report/details/unpack.js';
export { readReport } from './run/report/read-report.js';
export { type PassReport, type Report, reportJsonSchema, reportSchema } from './run/report/report.js';
export { reportJson } from './run/report/report-json.js';
