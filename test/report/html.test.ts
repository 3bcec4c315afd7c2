import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportHtml } from '../../src/report/html/report-html.js';
import type { Report } from '../../src/run/report/report.js';
import { hasBrowser } from '../runtime/browser.js';
import { detailed } from './detailed.js';
import { ShownPage } from './page.js';
import { sample } from './sample.js';

/** Of each layer two nodes stand in the result, and four are gone. */
const ROWS = 6;

describe.skipIf(!hasBrowser)('the page of a report', () => {
  let page: ShownPage;
  beforeAll(async () => {
    page = await ShownPage.start();
  });
  afterAll(() => page.close());

  const texts = (selector: string): Promise<string[]> =>
    page.read(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.textContent)`);
  const text = async (selector: string): Promise<string> => (await texts(selector)).join('\n');
  /** Nothing is asked for but the file, and nothing is complained about. */
  const isQuiet = (): void => {
    expect(page.said).toEqual([]);
    expect(page.requests.map((address) => address.replace(/.*\//, ''))).toEqual(['report.html']);
  };

  it('shows a long model: blocks folded, one layer as a graph, rows as far as they are seen', async () => {
    const layers = 1000;
    await page.open(await reportHtml(detailed(layers)));
    expect(await text('.piece[open] > summary')).toContain(`${layers} × encoder/layer`);
    expect(await text('.piece[open] > summary')).toContain('5 → 2 nodes');
    await page.show('structure');
    expect(await texts('[data-graph$=before] .node.gone text')).toEqual(['Div', 'Erf', 'Add', 'Mul']);
    expect(await texts('[data-graph$=after] .node.new text')).toEqual(['Gelu']);
    await page.read(`document.querySelector('[data-graph$=after] .node.new').dispatchEvent(new Event('click'))`);
    const details = await text('#details');
    expect(details).toContain('fuse-act, rule gelu');
    expect(details).toContain('rewrite compared, error 1.0e-7');
    expect(details).toContain(`/encoder/layer.${layers / 2}/Erf`);
    await page.press('Escape');
    expect(await page.read(`document.getElementById('details').hidden`)).toBe(true);
    await page.show('nodes');
    expect(await text('#nodes .found')).toBe(`${ROWS * layers} of ${ROWS * layers}`);
    expect((await texts('#nodes .row')).length).toBeLessThan(80);
    expect(await text('.first-bad')).toContain('begins in encoder/layer 3');
    isQuiet();
  });

  it('prints the graph of an open block and the first rows of tables that no one scrolled to', async () => {
    await page.open(await reportHtml(detailed(1000)));
    expect(await texts('[data-graph$=before] .node')).toEqual([]);
    await page.read(`dispatchEvent(new Event('beforeprint'))`);
    expect(await texts('[data-graph$=before] .node.gone text')).toEqual(['Div', 'Erf', 'Add', 'Mul']);
    expect(await texts('#nodes .row')).toHaveLength(200);
    isQuiet();
  });

  it('finds a node by its name, from the keyboard alone', async () => {
    await page.open(await reportHtml(detailed(24)));
    await page.press('/');
    expect(await page.read(`document.activeElement.id`)).toBe('search');
    await page.press(...'layer.17/matmul');
    expect(await texts('#results li')).toEqual(['node /encoder/layer.17/MatMul']);
    await page.press('Enter');
    expect(await text('#nodes .row[aria-selected=true]')).toContain('layer.17/MatMul');
    expect(await text('#details')).toContain('encoder/layer 18 of 24');
    await page.press('Escape', 'j', 'j');
    expect(await text('#nodes .row[aria-selected=true]')).toContain('layer.18/MatMul');
    await page.press('k', 'Enter');
    expect(await text('#details')).toContain('layer.17/Mul');
    isQuiet();
  });

  it('filters rows by words and by the values of a column, and sorts them', async () => {
    await page.open(await reportHtml(detailed(24)));
    await page.show('nodes');
    await page.read(`(() => {
      const list = document.querySelector('#nodes select[aria-label=operator]');
      list.value = [...list.options].find((one) => one.textContent.startsWith('MatMul')).value;
      list.dispatchEvent(new Event('change'));
    })()`);
    expect(await text('#nodes .found')).toBe('24 of 144');
    await page.read(
      `[...document.querySelectorAll('#nodes .head button')].find((one) => one.textContent === 'time').click()`,
    );
    expect((await texts('#nodes .row'))[0]).toContain('layer.23/');
    await page.read(`(() => {
      const field = document.querySelector('#nodes .controls input');
      field.value = 'layer.2/';
      field.dispatchEvent(new Event('input'));
    })()`);
    expect(await text('#nodes .found')).toBe('1 of 144');
    isQuiet();
  });

  it('says of a report without details what is missing, and how to get it', async () => {
    await page.open(await reportHtml(sample));
    const missing = await text('.missing');
    for (const part of ['the graphs', 'the nodes', 'the weights', 'by block']) expect(missing).toContain(part);
    expect(await text('#next')).toContain('int8 is not in the result');
    isQuiet();
  });

  it('is as wide as a phone', async () => {
    await page.open(await reportHtml(detailed(24)), 390);
    expect(await page.read(`document.documentElement.scrollWidth`)).toBe(390);
  });

  it('has no text of a model for markup', async () => {
    const hostile = `</script><script>window.taken=1</script><img src=x onerror="window.taken=2">"'><svg onload=window.taken=3>&lt;b&gt;<!--]]>\${1}`;
    await page.open(await reportHtml(detailed(3, (name) => `${name}${hostile}`)));
    for (const id of ['structure', 'nodes', 'weights', 'sites']) await page.show(id);
    await page.read(`document.querySelector('.node').dispatchEvent(new Event('click'))`);
    await page.press('/', ...'matmul');
    expect(await page.read(`[window.taken ?? 'not', document.images.length, document.scripts.length]`)).toEqual([
      'not',
      0,
      2,
    ]);
    expect(await text('h1')).toBe(`model.onnx${hostile}`.slice(`model.onnx${hostile}`.lastIndexOf('/') + 1));
    expect(await text('#results')).toContain('<img src=x onerror="window.taken=2">');
    isQuiet();
  });
});

it('says what came of the opportunities of an earlier report', async () => {
  const passes = sample.passes.map((pass) => (pass.name === 'int8' ? { ...pass, status: 'applied' as const } : pass));
  const later: Report = { ...sample, passes, output: { files: ['model.opt.onnx'], bytes: 2_600_000 } };
  const page = await reportHtml(later, { earlier: sample });
  expect(page).toMatch(/done<\/td><td>int8 is not in the result<\/td>/);
  expect(page).toContain('Since then: 2.61 MB less');
});
