/** Milliseconds until a report's page is painted in a browser, its script run: `npm run bench:page`. */
import { reportHtml } from '../src/report/html/report-html.js';
import { median } from '../src/validate/speed/statistics.js';
import { detailed } from '../test/report/detailed.js';
import { ShownPage } from '../test/report/page.js';
import { writeBudget } from './budget.js';

const BUDGET = 300;
const ROUNDS = 15;
/** Layers of five nodes. */
const sizes = { '50 nodes': 10, '5000 nodes': 1000 };

/** When both have happened. */
const PAINTED = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const { startTime } = list.getEntriesByName('first-contentful-paint')[0] ?? {};
    const [{ loadEventEnd }] = performance.getEntriesByType('navigation');
    if (startTime !== undefined) resolve(Math.max(startTime, loadEventEnd));
  }).observe({ type: 'paint', buffered: true });
})`;

const page = await ShownPage.start();
const pages = new Map<string, string>([['an empty page', '<!doctype html><title>empty</title><p>.']]);
for (const [name, layers] of Object.entries(sizes)) pages.set(name, await reportHtml(detailed(layers)));
const samples = new Map([...pages.keys()].map((name) => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round++)
  for (const [name, html] of pages) {
    await page.open(html);
    samples.get(name)?.push(await page.read<number>(PAINTED));
  }
await page.close();

await writeBudget('page', {
  unit: 'ms',
  rows: [...samples].map(([name, list]) => ({
    name,
    value: median(list),
    spread: [Math.min(...list), Math.max(...list)],
    budget: name === 'an empty page' ? undefined : BUDGET,
  })),
  sample: `median of ${ROUNDS} openings, alternating; from the navigation to the first paint with content and the end of the script`,
});
