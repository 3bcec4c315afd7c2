/**
 * Counts the faults that are found: `npm run bench:injections`. One wrong scale, mask, bias or epsilon goes into one block of a model of the collection
 * beside the repository, drawn by seed; in every second run the passes of `exact` run over the faulty model, unverified. It counts where the exact gate
 * rejects the result, and where `bisect` names the block. A fault that moves none of its block's outputs by more than 1e-3 is drawn again.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { bisect } from '../../src/bisect.js';
import { inferTypes } from '../../src/infer/index.js';
import { readModel } from '../../src/onnx/read.js';
import { optimize } from '../../src/optimize.js';
import { partsOf } from '../../src/region/blocks/parts.js';
import { validate } from '../../src/validate/index.js';
import { Random } from '../../src/validate/inputs/random.js';
import { root } from '../usage.js';
import { injectionsAmong, kinds, withFault } from './inject.js';

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: join(root, '../shared/zoo') },
    runs: { type: 'string', default: '100' },
    first: { type: 'string', default: '0' },
    only: { type: 'string' },
  },
});

/** Smaller changes of a block's outputs are noise. */
const MOVES = 1e-3;

const files = readdirSync(values.models)
  .flatMap((arch) =>
    existsSync(join(values.models, arch, 'model.onnx')) || !existsSync(join(values.models, arch)) || arch.includes('.')
      ? []
      : readdirSync(join(values.models, arch)).map((variant) => join(values.models, arch, variant, 'model.onnx')),
  )
  .filter((file) => existsSync(file) && (!values.only || file.includes(values.only)));

let [found, right, excluded] = [0, 0, 0];
const last = Number(values.first) + Number(values.runs);
for (let run = Number(values.first); run < last; run++) {
  const random = Random.of(run, 'injection');
  for (;;) {
    const file = files[random.int(0, files.length)] as string;
    const model = await readModel(file);
    inferTypes(model);
    const parts = partsOf(model.graph).filter(({ instance }) => instance);
    const part = parts[random.int(0, Math.max(1, parts.length))];
    const kind = kinds[random.int(0, kinds.length)] as string;
    const nodes = part?.nodes.filter((node) => injectionsAmong([node], kind).length) ?? [];
    const node = nodes[random.int(0, Math.max(1, nodes.length))];
    if (!part || !node) continue;
    const [injection] = injectionsAmong([node], kind);
    if (!injection) continue;
    const faulty = withFault(model, node, injection, random);
    const inputs = dirname(file);
    const place = `${file.slice(values.models.length + 1, -11)}: ${kind} at ${node.label}, ${part.name} ${part.instance?.number} of ${part.instance?.of}`;
    try {
      // The criterion is the change of the block's outputs in the faulty model, before any pass runs.
      const bare = await bisect(model, faulty, { inputs });
      const own = new Set(part.nodes);
      const borders = new Set(
        part.nodes.flatMap(({ outputs }) =>
          outputs.flatMap((value) => (value && [...value.uses].some((use) => !own.has(use.node)) ? [value.name] : [])),
        ),
      );
      const moved = Math.max(0, ...bare.values.filter(({ value }) => borders.has(value)).map(({ error }) => error));
      // A bias of keys moves all scores of a row equally, and Softmax cancels that: such a fault changes nothing.
      if (!(moved > MOVES) || bare.first === undefined || bare.outputError <= bare.floor) {
        excluded++;
        continue;
      }
      const isOptimized = run % 2 === 1;
      const result = isOptimized ? (await optimize(faulty, 'exact', { target: 'cpu', verify: 'none' })).model : faulty;
      const located = isOptimized ? await bisect(model, result, { inputs }) : bare;
      const { gates } = await validate(model, result, { provider: 'cpu', fidelity: 'exact', speed: false, inputs });
      const isFound = gates.some(({ passed }) => !passed);
      if (!isFound) process.stdout.write(`  ${gates.map(({ detail }) => detail)}\n`);
      const named = located.first && located.parts[located.first.part];
      const isRight = named?.name === part.name && named.instance?.number === part.instance?.number;
      if (isFound) found++;
      if (isRight) right++;
      const verdict = `${isFound ? 'found' : 'NOT FOUND'}, ${isRight ? 'right' : `WRONG: ${named?.name} ${named?.instance?.number} (${located.first?.node} ${located.first?.error} after ${located.first?.inherited})`}`;
      process.stdout.write(
        `${run}${isOptimized ? ' exact' : ''} ${place}: ${verdict}, moved ${moved.toPrecision(2)}\n`,
      );
      break;
    } catch (error) {
      process.stdout.write(`${run} ${place}: passed over, ${(error as Error).message.slice(0, 200)}\n`);
    }
  }
}
process.stdout.write(
  `${values.runs} injections: ${found} found, ${right} at the right block; ${excluded} moved nothing\n`,
);
