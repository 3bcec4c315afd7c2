/**
 * The child process of a probe, the entry of its own bundle: makes a session of each model that it is handed, on the provider of its second argument. The
 * runtime's log goes to the error stream, and lines that this process writes stand between.
 */
import { runtimeRequire } from '../../../installed-runtime.js';
import { lines, type ProbedModel } from './child-lines.js';

const { InferenceSession }: typeof import('onnxruntime-node') = (await runtimeRequire())('onnxruntime-node');
const [, , , provider = ''] = process.argv;
const say = (text: string): boolean => process.stderr.write(`${text}\n`);
const VERBOSE = 0;

process.on('message', async ({ model }: ProbedModel) => {
  say(lines.begins);
  try {
    const session = await InferenceSession.create(model as string, {
      executionProviders: [provider],
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: VERBOSE,
    });
    await session.release();
  } catch (error) {
    say(`${lines.refused}${(error as Error).message.replaceAll('\n', ' ')}`);
  }
  say(lines.ends);
  process.send?.('done');
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
