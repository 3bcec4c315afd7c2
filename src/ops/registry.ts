/** The rows of all operators, by domain and op type. One file per family; of an operator without a row nothing is known. */
import type { Node } from '../ir/node.js';
import { attention } from './families/attention.js';
import { controlFlow } from './families/control-flow.js';
import { convolution } from './families/convolution.js';
import { elementwise } from './families/elementwise.js';
import { generators } from './families/generators.js';
import { image } from './families/image.js';
import { indexing } from './families/indexing.js';
import { joining } from './families/joining.js';
import { machineLearning } from './families/machine-learning.js';
import { matrix } from './families/matrix.js';
import { microsoft } from './families/microsoft.js';
import { microsoftAttention } from './families/microsoft-attention.js';
import { microsoftTensors } from './families/microsoft-tensors.js';
import { normalization } from './families/normalization.js';
import { preview } from './families/preview.js';
import { quantization } from './families/quantization.js';
import { recurrent } from './families/recurrent.js';
import { reduction } from './families/reduction.js';
import { sequences } from './families/sequences.js';
import { signal } from './families/signal.js';
import { views } from './families/views.js';
import type { OpRow, Rows } from './row.js';

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
