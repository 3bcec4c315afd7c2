/** Declares the options of the public functions; options that are settings too come from the config. */
import { z } from 'zod';
import type { Abortable } from './abortable.js';
import { configSchema } from './config.js';
import type { ExplainOptions } from './explain.js';
import type { Shortage } from './ir/budget.js';
import { abortSignal, any, called, text, truth } from './ir/options.js';
import type { Say } from './ir/outlook.js';
import type { MadeBy } from './on-demand.js';
import type { OptimizeOptions } from './optimize.js';
import type { OptimizeFileOptions } from './optimize-file.js';
import type { Progress } from './run/pipeline.js';
import type { ByBlockOptions } from './validate/by-block/index.js';
import type { ValidateOptions } from './validate/validation.js';

/** A schema for each option of a type, and for no other. */
type SchemasOf<Options> = { readonly [Name in keyof Options]-?: z.ZodType<Options[Name]> };

const { passes, target, targetCpu, verify, tune, speed, timeBudget, inputs, rollout, shapes, dims, seed } =
  configSchema.shape;
const { maxError, minCosine, minSpeedup, require, allowRollback, failOnFallback, keepFunctions, allowOutsideData } =
  configSchema.shape;
const { budget, plugins } = configSchema.shape;
const aboveZero = 'expected milliseconds above 0';
const milliseconds = z.number(aboveZero).positive(aboveZero);
const count = z.int('expected a whole number').positive('expected 1 or more');
const choice = <const Choices extends readonly [string, ...string[]]>(choices: Choices) =>
  z.enum(choices, `expected ${choices.join(' | ')}`);
const provider = choice(['cpu', 'cuda', 'webgpu']);
const onGate = choice(['throw', 'report']);

export const optimizeOptions = z.object({
  ...{ budget, plugins },
  ...{ target, targetCpu, verify, tune, inputs, seed, shapes, dims, keepFunctions, require, timeBudget },
  ...{
    maxError,
    minCosine,
    allowRollback,
    onGate,
    onProgress: called<(progress: Progress) => void>(),
    command: text,
    signal: abortSignal,
    deadline: any,
  },
} satisfies SchemasOf<OptimizeOptions>);

export const optimizeFileOptions = z.object({
  ...configSchema.omit({ passes: true }).shape,
  ...{
    out: text,
    force: truth,
    reportPath: text,
    onGate,
    onProgress: called<Say>(),
    command: text,
    signal: abortSignal,
  },
} satisfies SchemasOf<OptimizeFileOptions>);

/** Options for made-up inputs of a comparison. */
const feeds = { inputs, seed, shapes, dims, variant: any, sizes: any, kind: any, values: any };
const reference = { ...feeds, budget, isRounded: truth, setsBudgetMs: any, mostSets: count };

export const validateOptions = z.object({
  ...{
    ...reference,
    provider: target,
    fidelity: choice(['exact', 'rounding', 'lossy']),
    passes,
    report: any,
    targetCpu,
  },
  ...{ maxError, minCosine, minSpeedup, failOnFallback, speed, rollout, timeBudget, allowOutsideData },
  ...{
    budgetMs: milliseconds,
    patience: any,
    timeoutMs: milliseconds,
    onProgress: called<Say>(),
    signal: abortSignal,
  },
  ...{ absent: provider, isUnchanged: truth, deadline: any },
} satisfies SchemasOf<ValidateOptions & MadeBy & Abortable>);

export const bisectOptions = z.object({
  ...{ ...reference, target: provider, timeoutMs: milliseconds, allowOutsideData, signal: abortSignal },
} satisfies SchemasOf<ByBlockOptions & Abortable>);

export const explainOptions = z.object({
  ...{ plugins, passes, rule: text, at: text, target: provider, onShortage: called<(shortage: Shortage) => void>() },
} satisfies SchemasOf<ExplainOptions>);
