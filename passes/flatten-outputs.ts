/**
 * flatten-outputs: outputs that are no tensors become tensors under the same name.
 *
 * ZipMap(probabilities) ⟶ probabilities. The class labels, one for each column, are kept in the model's metadata as a
 * JSON list under `onnx-passes.class-labels.<output>`.
 */
import { z } from 'zod';
import type { Graph } from '../src/ir/graph.js';
import type { Model } from '../src/ir/model.js';
import type { Node } from '../src/ir/node.js';
import { tensorType } from '../src/ir/types.js';
import type { Value } from '../src/ir/value.js';
import { definePass, type PassContext } from '../src/run/pass.js';

/** The metadata key of an output's class labels. */
export const classLabelsKey = (output: string): string => `onnx-passes.class-labels.${output}`;

export const flattenOutputs = definePass({
  name: 'flatten-outputs',
  aliases: ['return-tuple'],
  summary: 'Makes tensors of outputs that are none: ZipMap gives its probabilities, the class labels go to metadata.',
  fidelity: 'exact',
  options: z.object({}),
  run(model, _, context) {
    const { graph } = model;
    graph.outputs.forEach((value, index) => {
      const { type } = value;
      if (value.producer?.is('ZipMap', 'ai.onnx.ml')) unzip(graph, index, value.producer, context);
      else if (type && type.kind !== 'tensor' && type.kind !== 'sparse')
        context.skip(`the output is of kind ${type.kind}: only ZipMap is flattened`, value);
    });
  },
});

function unzip(graph: Graph, index: number, zipMap: Node, context: PassContext): void {
  const value = zipMap.output;
  const name = graph.outputPorts[index]?.name ?? '';
  const [probabilities] = zipMap.inputs;
  const labels = labelsOf(zipMap);
  const reason = !labels
    ? 'ZipMap states no class labels'
    : [...value.uses].some(({ node }) => node !== graph.end) && 'the ZipMap has other users than the output';
  if (reason) context.skip(reason, zipMap);
  if (reason || !labels || !probabilities) return;
  graph.output(name, probabilities, typeOf(probabilities));
  keepLabels(graph.model, name, labels);
  context.note(`output "${name}" is a tensor now; its class labels: metadata ${classLabelsKey(name)}`, zipMap);
}

/** The labels as a JSON list; int64 may be beyond 2^53, which JSON text can hold. */
function labelsOf(zipMap: Node): string | undefined {
  const strings = zipMap.attributes.get('classlabels_strings');
  if (strings?.type === 'strings' && strings.value.length > 0)
    return JSON.stringify(strings.value.map((text) => new TextDecoder().decode(text)));
  const ints = zipMap.attributes.get('classlabels_int64s');
  return ints?.type === 'ints' && ints.value.length > 0 ? `[${ints.value.join(',')}]` : undefined;
}

/** ZipMap takes floats only. */
const typeOf = ({ type }: Value) => (type?.kind === 'tensor' ? type : tensorType('float32'));

function keepLabels(model: Model, output: string, value: string): void {
  const key = classLabelsKey(output);
  model.metadata = [...model.metadata.filter((entry) => entry.key !== key), { key, value }];
}
