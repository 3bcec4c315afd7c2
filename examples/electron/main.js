import { app, dialog } from 'electron';
import { optimizeModel } from './optimize-model.js';

await app.whenReady();
const { filePaths } = await dialog.showOpenDialog({ filters: [{ name: 'ONNX', extensions: ['onnx'] }] });
for (const path of filePaths) {
  const { out, bytes } = await optimizeModel(path, (text) => console.log(text));
  await dialog.showMessageBox({ message: `Wrote ${out}, ${bytes} bytes` });
}
app.quit();
