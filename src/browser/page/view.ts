/** What the page shows of a model: what `inspect` tells, as texts. */
import { inferTypes } from '../../infer/index.js';
import type { Model } from '../../ir/model.js';
import { bytesText, countText } from '../../ir/text/quantities.js';
import { shownText, withTexts } from '../../ir/text/shown-text.js';
import { checkModel } from '../../ir/whole-model/check.js';
import { findBlocks } from '../../region/blocks/index.js';
import { inspectModel } from '../../report/inspect/inspection.js';
import type { ModelView, Named } from './messages.js';

/** Lists are cut after these: the report has all. */
const MOST = { ports: 40, blocks: 24, faults: 8 } as const;

/** Throws ModelError for a model that is not valid. */
export function viewOf(model: Model, name: string, fileBytes: number): ModelView {
  checkModel(model);
  const inspection = withTexts(inspectModel(model, inferTypes(model), { find: findBlocks }), shownText);
  const { nodes, ops, bytes, bytesByType, opsets, producer, irVersion, violations, contradictions } = inspection;
  const { 'ai.onnx': opset, ...others } = opsets;
  const ports = (list: readonly { name: string; type: string }[]): Named[] =>
    cut(
      list.map(({ name, type }) => [name, type]),
      MOST.ports,
    );
  return {
    name: shownText(name),
    facts: [
      ['file', bytesText(fileBytes), producer && `by ${producer}`],
      ['nodes', String(nodes), `${Object.keys(ops).length} operators`],
      ['weights', bytesText(bytes), texts(bytesByType, bytesText)],
      ['operator set', String(opset ?? '–'), texts({ ...others, IR: irVersion }, String)],
    ],
    inputs: ports(inspection.inputs),
    outputs: ports(inspection.outputs),
    blocks: cut(
      inspection.blocks.map((block) => [
        block.count > 1 ? `${block.count} × ${block.name}` : block.name,
        `${block.nodes} nodes, ${countText(block.parameters)} numbers${block.count > 1 ? ' each' : ''}`,
      ]),
      MOST.blocks,
    ),
    operators: Object.entries(ops).map(([op, count]) => [op, String(count)]),
    faults: cut(
      [
        ...violations.map(
          ({ scope, node, expected, found }) => `${scope}${node}: expected ${expected}; found ${found}`,
        ),
        ...contradictions.map(
          ({ scope, name: value, declared, inferred }) =>
            `${scope}${value}: declared ${declared} in the file, inferred ${inferred}`,
        ),
      ].map((text): Named => [text, '']),
      MOST.faults,
    ).map(([text]) => text),
  };
}

const texts = (record: Readonly<Record<string, number>>, text: (n: number) => string): string =>
  Object.entries(record)
    .map(([name, n]) => `${name} ${text(n)}`)
    .join(', ');

/** The first of a list, and how many more there are. */
const cut = (list: readonly Named[], most: number): Named[] =>
  list.length <= most ? [...list] : [...list.slice(0, most), [`and ${list.length - most} more`, '']];
