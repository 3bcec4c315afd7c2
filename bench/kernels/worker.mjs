/** Makes a session of each model file that its input lists, on the provider of its first argument. The runtime's log goes to the error stream, and lines that this process writes stand between. */
import { createInterface } from 'node:readline';
import { InferenceSession } from '../runtime.mjs';

const say = (text) => process.stderr.write(`${text}\n`);
for await (const file of createInterface({ input: process.stdin })) {
  say('@model');
  try {
    const session = await InferenceSession.create(file, {
      executionProviders: [process.argv[2]],
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 0,
    });
    await session.release();
  } catch (error) {
    say(`@refused ${error.message.replaceAll('\n', ' ')}`);
  }
  say('@done');
}
