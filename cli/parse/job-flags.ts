/** The flags of `optimize <model>`. */
import { z } from 'zod';
import { type PassSetting, passSettings } from '../../passes/settings.js';
import { configSchema, flagOf } from '../../src/settings/config.js';
import {
  configFlag,
  dim,
  folderFlags,
  inputFlags,
  jsonFlag,
  pluginFlag,
  quietFlag,
  shape,
  summaryFlag,
} from './flag-sets.js';
import { dimsOrBatch, names } from './flag-values.js';
import { about, isSo, oneOf, valued } from './flags.js';

/** The flags of settings that are an option of one pass: one word of several, a list of names, or text. */
const passFlags = Object.fromEntries(
  Object.entries(passSettings).map(([setting, { schema, example }]: [string, PassSetting]) => {
    const describe = [schema.description, example && `E.g. ${example}`].filter(Boolean).join(' ');
    if (schema instanceof z.ZodEnum) return [flagOf(setting), oneOf(schema.options.map(String), describe)] as const;
    const isList = schema instanceof z.ZodArray;
    return [flagOf(setting), valued(isList ? '<a,b,…>' : '<size>', describe, isList ? { read: names } : {})] as const;
  }),
);

const freezes = 'the result declares it, and is compared at it. May be repeated. E.g.';

export const jobFlags = {
  out: valued('<path>', 'Path of the result; - for stdout.', { alias: 'o', defaultDescription: 'model.opt.onnx' }),
  passes: valued('<a,b,…>', about('passes'), { alias: 'p', defaultDescription: 'exact' }),
  ...pluginFlag,
  ...passFlags,
  'target-cpu': valued('<a,b,…>', `${about('targetCpu')} E.g. avx2,vnni,arm`, { read: names }),
  contract: {
    ...isSo(about('contract')),
    defaultDescription: 'where flatten-outputs runs; never with --no-contract',
  },
  verify: {
    ...oneOf(configSchema.shape.verify.options, about('verify')),
    defaultDescription: 'pass, or end above 64 MB',
  },
  tune: isSo(about('tune')),
  'tune-budget': valued('<time>', about('tuneBudget')),
  'tune-cache': valued('<path>', about('tuneCache'), {
    defaultDescription: "onnx-passes/tune.json in the user's cache folder",
  }),
  aot: isSo(about('aot')),
  validate: {
    ...isSo(
      'Compare nothing with the original at the end, which any --verify does; without --verify run nothing at all.',
    ),
    defaultDescription: 'true',
  },
  ...inputFlags,
  shape: { ...shape, describe: `Freeze the shape of an input: ${freezes} image=1,3,224,224` },
  dim: {
    ...dim,
    readAll: dimsOrBatch,
    describe: `Freeze the size of a symbolic dim of the inputs: ${freezes} batch=4. A range keeps it symbolic, and the result is compared, timed and tuned at its ends and between: seq=1..512, height=64..128:8. Of a file whose batch is fixed at 1, batch=N makes it symbolic and calls it N`,
  },
  require: valued('<a,b,…>', `${about('require')} E.g. int8,bf16`, { read: names }),
  'allow-rollback': isSo(about('allowRollback')),
  'fail-on-fallback': isSo(about('failOnFallback')),
  regional: {
    ...isSo(about('regional')),
    defaultDescription: 'where that leaves out two fifths of the nodes; never with --no-regional',
  },
  'keep-functions': isSo(about('keepFunctions')),
  'external-data': isSo(about('externalData')),
  'data-name': valued('<name>', `${about('dataName')} E.g. model.onnx_data`),
  shard: valued('<bytes>', `${about('shard')} E.g. 2GB`),
  force: isSo('Let the result overwrite its input, and its contract a file that is none.'),
  ...configFlag('A file of settings.'),
  variants: valued(
    '<a=passes …>',
    'Write several results into the folder --out: name=passes, or transformers-js for the names that its loader expects. May be repeated. E.g. small=quarter',
    {
      readAll: (written) => written.flatMap((text) => text.split(/\s+/).filter(Boolean)),
    },
  ),
  ...folderFlags,
  watch: isSo('Do it again whenever the model, its data, the inputs, the config or a plugin changes, until Ctrl-C.'),
  coverage: isSo(
    'Show in which types the result is stored and computed, and what stays float, with bytes and reasons.',
  ),
  report: valued(
    '<path>',
    'Write the report to a file: .json, .md, or .html for a page. optimize report shows a JSON one in other formats.',
  ),
  trace: valued(
    '<path>',
    'Write what was done when to a file: passes, their steps, and the nodes of one run of original and result, as a Chrome trace for about:tracing or Perfetto.',
  ),
  ...summaryFlag,
  ...jsonFlag,
  quiet: { ...isSo('Print errors, and what was taken back, only.'), alias: 'q' },
};

/** What may be said of all jobs of a config. */
export const runFlags = {
  ...{ config: jobFlags.config, force: jobFlags.force, 'dry-run': jobFlags['dry-run'] },
  ...{ target: jobFlags.target, ...quietFlag },
};
