import { InferenceSession } from 'onnxruntime-web';
import url, { externalData, inputs, outputs } from './model.onnx?passes=half&target=webgpu';

const session = await InferenceSession.create(url, { externalData, executionProviders: ['webgpu', 'wasm'] });
const names = (ports) => ports.map(({ name }) => name).join();
document.getElementById('ports').textContent = `${names(inputs)} to ${names(outputs)}: ${session.inputNames.length} inputs loaded`;
