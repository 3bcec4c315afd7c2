'use client';
import { useEffect, useState } from 'react';
import url, { externalData, inputs, outputs } from '../model.onnx?passes=half&target=webgpu';

const names = (ports) => ports.map(({ name }) => name).join();

/** The server writes the ports; the page then loads the model. */
export function Ports() {
  const [loaded, setLoaded] = useState('');
  useEffect(() => {
    // The runtime is for browsers: a server that renders the page does not load it.
    import('onnxruntime-web').then(async ({ InferenceSession }) => {
      const session = await InferenceSession.create(url, { externalData, executionProviders: ['webgpu', 'wasm'] });
      setLoaded(`: ${session.inputNames.length} inputs loaded`);
    });
  }, []);
  return (
    <p id="ports">
      {names(inputs)} to {names(outputs)}
      {loaded}
    </p>
  );
}
