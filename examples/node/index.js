import { GateError, optimize, readModel, reportText, writeModel } from 'onnx-passes';
import { InferenceSession } from 'onnxruntime-node';

try {
  const { model, report } = await optimize(await readModel('model.onnx'), 'exact', { target: 'cpu' });
  await writeModel(model, 'model.exact.onnx');
  console.log(reportText(report));
} catch (error) {
  if (!(error instanceof GateError)) throw error;
  console.error(`no result: ${error.message}`);
  process.exit(1);
}
const session = await InferenceSession.create('model.exact.onnx');
console.log(`runs: ${session.inputNames.join()} to ${session.outputNames.join()}`);
