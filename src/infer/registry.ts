/** The rules of all operators, by domain and op type. One file per family; an operator without a rule has no known dims. */
import type { Rule } from './call.js';
import { attention } from './ops/attention.js';
import { controlFlow } from './ops/control-flow.js';
import { convolution } from './ops/convolution.js';
import { elementwise } from './ops/elementwise.js';
import { generators } from './ops/generators.js';
import { image } from './ops/image.js';
import { indexing } from './ops/indexing.js';
import { joining } from './ops/joining.js';
import { machineLearning } from './ops/machine-learning.js';
import { matrix } from './ops/matrix.js';
import { microsoft } from './ops/microsoft.js';
import { microsoftAttention } from './ops/microsoft-attention.js';
import { microsoftTensors } from './ops/microsoft-tensors.js';
import { normalization } from './ops/normalization.js';
import { preview } from './ops/preview.js';
import { quantization } from './ops/quantization.js';
import { recurrent } from './ops/recurrent.js';
import { reduction } from './ops/reduction.js';
import { sequences } from './ops/sequences.js';
import { signal } from './ops/signal.js';
import { views } from './ops/views.js';

type Rules = Readonly<Record<string, Rule>>;

const families: readonly (readonly [domain: string, rules: Rules])[] = [
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

const rules = new Map<string, ReadonlyMap<string, Rule>>();
for (const [domain, family] of families)
  rules.set(domain, new Map([...(rules.get(domain) ?? []), ...Object.entries(family)]));

export const ruleOf = (opType: string, domain: string): Rule | undefined => rules.get(domain)?.get(opType);
