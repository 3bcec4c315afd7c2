/** What differs around the nodes: operator sets, ports, functions, metadata. */
import type { Model } from '../ir/model.js';
import { typeText } from '../ir/types.js';
import { summarize } from '../ir/whole-model/summary.js';
import type { ModelDiff } from '../run/model-diff-schema.js';

export function headerDiff(
  before: Model,
  after: Model,
): Pick<ModelDiff, 'before' | 'after' | 'opsets' | 'ports' | 'functions' | 'metadata'> {
  const opsets = (model: Model) =>
    new Map([...model.opsets].map(([domain, version]) => [domain || 'ai.onnx', version]));
  const functions = (model: Model) =>
    new Map(model.functions.map(({ domain, name, graph }) => [`${domain}.${name}`, graph.nodeSet.size]));
  const metadata = (model: Model) => new Map(model.metadata.map(({ key, value }) => [key, value]));
  const ports = (kind: 'input' | 'output') =>
    differences(portsOf(before, kind), portsOf(after, kind)).map(([name, sides]) => ({ kind, name, ...sides }));
  return {
    ...{ before: aboutModel(before), after: aboutModel(after) },
    opsets: differences(opsets(before), opsets(after)).map(([domain, sides]) => ({ domain, ...sides })),
    ports: [...ports('input'), ...ports('output')],
    functions: differences(functions(before), functions(after))
      .filter(([, sides]) => sides.before === undefined || sides.after === undefined)
      .map(([name, sides]) => ({ name, ...sides })),
    metadata: differences(metadata(before), metadata(after)).map(([key, sides]) => ({ key, ...sides })),
  };
}

function aboutModel(model: Model): ModelDiff['before'] {
  const { nodes, bytes, bytesByType, functions } = summarize(model);
  const producer = [model.producerName, model.producerVersion].filter(Boolean).join(' ');
  return { nodes, bytes, bytesByType, functions, irVersion: model.irVersion, producer };
}

/** Outputs as they are declared, or as inferred where they are not. */
function portsOf({ graph }: Model, kind: 'input' | 'output'): Map<string, string> {
  if (kind === 'input') return new Map(graph.inputs.map(({ name, type }) => [name, typeText(type)]));
  return new Map(graph.outputPorts.map(({ name, type }, i) => [name, typeText(type ?? graph.outputs[i]?.type)]));
}

type Sides<T> = { readonly before?: T; readonly after?: T };

/** Entries that one side lacks, or has otherwise. */
function differences<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): [string, Sides<T>][] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .map((key) => {
      const [was, is] = [before.get(key), after.get(key)];
      return [key, { ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }];
    });
}
