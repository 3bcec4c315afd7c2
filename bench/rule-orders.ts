/**
 * Tests whether the order of rules changes their effect on the models in a folder: `npm run bench:rule-orders -- folder
 * [orders]`. Prints each model that differs, and the number of models.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readModel } from '../src/onnx/read.js';
import { optimize } from '../src/optimize.js';
import { ruled } from '../test/passes/rule-orders.js';

const [folder = '.', orders = '3'] = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.onnx'));
let [tried, differ, failed] = [0, 0, 0];
for (const file of files.sort())
  try {
    const { model } = await optimize(await readModel(join(folder, file)), 'simplify', { verify: 'none' });
    const expected = await ruled(model, 0);
    for (let seed = 1; seed <= Number(orders); seed++) {
      tried++;
      if ((await ruled(model, seed)) === expected) continue;
      differ++;
      console.log(`${file}: differs with seed ${seed}`);
    }
  } catch (error) {
    failed++;
    console.log(`${file}: ${(error as Error).message}`);
  }
console.log(`${files.length} models, ${failed} not read or not run; ${tried} orders, ${differ} differ`);
process.exit(differ > 0 ? 1 : 0);
