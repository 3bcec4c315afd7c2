/** The rows of all operators, by domain and op type. One file per family; of an operator without a row nothing is known. */
import type { Node } from '../ir/node.js';
import { attention } from './attention.js';
import { controlFlow } from './control-flow.js';
import { convolution } from './convolution.js';
import { elementwise } from './elementwise.js';
import { generators } from './generators.js';
import { image } from './image.js';
import { indexing } from './indexing.js';
import { joining } from './joining.js';
import { machineLearning } from './machine-learning.js';
import { matrix } from './matrix.js';
import { microsoft } from './microsoft.js';
import { microsoftAttention } from './microsoft-attention.js';
import { microsoftTensors } from './microsoft-tensors.js';
import { normalization } from './normalization.js';
import { preview } from './preview.js';
import { quantization } from './quantization.js';
import { recurrent } from './recurrent.js';
import { reduction } from './reduction.js';
import type { OpRow, Rows } from './row.js';
import { sequences } from './sequences.js';
import { signal } from './signal.js';
import { views } from './views.js';

const families: readonly (readonly [domain: string, rows: Rows])[] = [
  ['', elementwise],
  ['', views],
  ['', joining],
  ['', indexing],
  ['', matrix],
  ['', convolution],
  ['', reduction],
  ['', normalization],
  ['', attention],
  ['', recurrent],
  ['', generators],
  ['', image],
  ['', signal],
  ['', quantization],
  ['', sequences],
  ['', controlFlow],
  ['ai.onnx.ml', machineLearning],
  ['ai.onnx.preview', preview],
  ['com.microsoft', microsoft],
  ['com.microsoft', microsoftAttention],
  ['com.microsoft', microsoftTensors],
];

const rows = new Map<string, ReadonlyMap<string, OpRow>>();
for (const [domain, family] of families)
  rows.set(domain, new Map([...(rows.get(domain) ?? []), ...Object.entries(family)]));

/** The row of a node's operator; undefined where there is none. */
export const rowOf = ({ domain, opType }: Pick<Node, 'domain' | 'opType'>): OpRow | undefined =>
  rows.get(domain)?.get(opType);
