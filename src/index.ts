/** The library: every public name, listed by hand. */
export { passes } from '../passes/index.js';
export { presets } from '../passes/presets.js';
export { bisect } from './bisect.js';
export { type Contract, contractOf, contractSchema } from './contract/contract.js';
export { declarationsOf } from './contract/declarations.js';
export type { Structure } from './contract/structure.js';
export { type LabelMap, type TensorLike, type Unflattened, unflatten } from './contract/unflatten.js';
export { type Chain, chainSchema } from './cut/chain.js';
export { type ExtractedModel, extractModel, type NamedPart } from './cut/extract.js';
export { type SplitModel, splitModel } from './cut/split.js';
export { modelCosts } from './details/costs.js';
export { diffModels } from './diff/diff-models.js';
export { type ExplainOptions, type Explanation, explain } from './explain.js';
export type { FolderOptions } from './folder/folder-options.js';
export type { MergedFiles, MergeOptions } from './folder/merge-files.js';
export { mergeDecoderFiles, optimizeFolder, probeProviders } from './folder-jobs.js';
export { type Facts, inferTypes } from './infer/index.js';
export { type Attribute, type AttributeLike, float, floats } from './ir/attribute.js';
export { buildModel, GraphBuilder } from './ir/build.js';
export { type Dim, dimText, symbol } from './ir/dims/dims.js';
export type { Graph, OutputPort } from './ir/graph.js';
export { Model, type ModelFunction } from './ir/model.js';
export type { Node, NodeOptions } from './ir/node.js';
export type { Target } from './ir/targets/targets.js';
export { constantTensor } from './ir/tensors/constants.js';
export { bigintsOf, castTensor, numbersOf, stringsTensor, tensorOf } from './ir/tensors/numbers.js';
export { derivedTensor, memoryTensor, type Tensor } from './ir/tensors/tensor.js';
export { ModelError, PassError } from './ir/text/errors.js';
export { UsageError } from './ir/text/usage-error.js';
export { type DataType, type Shape, type Type, tensorType, typeText } from './ir/types.js';
export type { Use, Value } from './ir/value.js';
export { checkModel } from './ir/whole-model/check.js';
export { cloneModel } from './ir/whole-model/clone.js';
export { printModel } from './ir/whole-model/print.js';
export { optimizeFile } from './job/optimize-file.js';
export type { OptimizeFileOptions } from './job/options.js';
export { optimizeVariants, type VariantsOptions } from './job/variants.js';
export { mergeDecoders } from './merge-decoders.js';
export { closeRuntime, validate } from './on-demand.js';
export { type ModelFile, modelFiles } from './onnx/model-files.js';
export { type ReadOptions, readModel } from './onnx/read.js';
export { type WriteOptions, type WrittenFiles, writeModel } from './onnx/write.js';
export { type OptimizeOptions, optimize } from './optimize.js';
export { type PlanOptions, plan } from './plan/plan.js';
export { reportBadge } from './report/badge.js';
export { reportCsv } from './report/csv.js';
export { diffMarkdown, diffText } from './report/diff/diff-text.js';
export { modelDiffText } from './report/diff/model-diff-text.js';
export { type DiffGate, type DiffGateName, diffReports, type ReportDiff } from './report/diff/report-diff.js';
export type { CsvTable } from './report/format-names.js';
export { type FolderHtmlOptions, folderHtml, type ReportHtmlOptions, reportHtml } from './report/html/report-html.js';
export {
  type ContradictionInfo,
  type Inspection,
  inspectModel,
  type ViolationInfo,
} from './report/inspect/inspection.js';
export type { ValueInfo } from './report/inspect/inspection-values.js';
export { reportMarkdown } from './report/markdown.js';
export { planPlot, planText } from './report/plan/plan-text.js';
export { type BisectReport, bisectText } from './report/text/bisect.js';
export { folderText } from './report/text/folder.js';
export { inspectionText } from './report/text/inspection.js';
export { variantsText } from './report/text/variants.js';
export { reportText } from './report/text.js';
export type { TextOptions } from './report/text-options.js';
export type { FolderReport, PartReport } from './run/folder-report.js';
export { type ModelDiff, modelDiffJsonSchema, modelDiffSchema } from './run/model-diff-schema.js';
export { GateError, type OnGate } from './run/outcome.js';
export type { Catalogue, PassesLike, PassLike, Preset } from './run/parse.js';
export {
  definePass,
  type Fidelity,
  type Pass,
  type PassContext,
  type PassDefinition,
  type PassFactory,
} from './run/pass.js';
export type { Progress } from './run/pipeline/pipeline-options.js';
export type { Plan, PlanPoint } from './run/plan-schema.js';
export type { NodeDetails } from './run/report/details/readable.js';
export { nodeDetails } from './run/report/details/unpack.js';
export { readReport } from './run/report/read-report.js';
export { type PassReport, type Report, reportJsonSchema, reportSchema } from './run/report/report.js';
export { reportJson } from './run/report/report-json.js';
export type { TargetCpu } from './run/target-cpu.js';
export type { VariantResult, Variants } from './run/variants-schema.js';
export type { VerifyLevel } from './run/verify/verifier.js';
export type { ProviderProbe } from './runtime/providers.js';
export { type Config, configSchema } from './settings/config.js';
export { type ConfigFile, type ConfigJob, defineConfig } from './settings/config-file.js';
export { type StepCache, type StepCacheOptions, type StepSession, stepCache } from './step-cache.js';
export { type RuntimeModule, useRuntime } from './use-runtime.js';
export type { ByBlockOptions, DriftReport, ErrorByBlock, PartError, ValueError } from './validate/by-block/index.js';
export type { AccuracyReport, GateResult, ValidateOptions, Validation } from './validate/validation.js';
export { version } from './version.js';
