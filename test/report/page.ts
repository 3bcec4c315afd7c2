/** A page in the browser, with everything that it says is wrong and every address that it asks for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openPage, type Page } from '../../src/runtime/web/browser.js';
import { browserPath } from '../../src/runtime/web/find.js';

export class ShownPage {
  /** Errors, messages of the console, and violations of the page's policy. */
  readonly said: string[] = [];
  readonly requests: string[] = [];
  readonly #page: Page;
  readonly #folder: string;

  private constructor(
    page: Page,
    folder: string,
    readonly ended: Promise<unknown>,
  ) {
    this.#page = page;
    this.#folder = folder;
    const say = (what: unknown): unknown => this.said.push(JSON.stringify(what));
    for (const event of ['Log.entryAdded', 'Runtime.exceptionThrown', 'Runtime.consoleAPICalled']) page.on(event, say);
    page.on('Network.requestWillBeSent', (params) =>
      this.requests.push((params as { request: { url: string } }).request.url),
    );
  }

  static async start(): Promise<ShownPage> {
    const folder = mkdtempSync(join(tmpdir(), 'report-page-'));
    let end: (reason: string) => void = () => {};
    const ended = new Promise<string>((resolve) => {
      end = resolve;
    });
    const page = await openPage(browserPath(), 'about:blank', join(folder, 'profile'), end);
    for (const domain of ['Log', 'Runtime', 'Network']) await page.send(`${domain}.enable`);
    return new ShownPage(page, folder, ended);
  }

  /** Opens a document from a file, as people do. */
  async open(html: string, width = 1280): Promise<void> {
    const path = join(this.#folder, 'report.html');
    writeFileSync(path, html);
    await this.#page.send('Emulation.setDeviceMetricsOverride', {
      width,
      height: 900,
      deviceScaleFactor: 1,
      mobile: width < 500,
    });
    this.requests.length = 0;
    const isLoaded = new Promise<unknown>((resolve) => this.#page.on('Page.loadEventFired', resolve));
    await this.#page.send('Page.navigate', { url: pathToFileURL(path).href });
    await isLoaded;
  }

  /** The value of an expression in the page. */
  read<T = unknown>(expression: string): Promise<T> {
    return this.#page.evaluate(expression) as Promise<T>;
  }

  /** Scrolls to an element, and waits until what comes into sight is drawn. */
  async show(id: string): Promise<void> {
    await this.read(`new Promise((drawn) => {
      document.getElementById(${JSON.stringify(id)}).scrollIntoView();
      requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn)));
    })`);
  }

  /** Presses keys in turn: a letter, or a name such as Enter. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys)
      for (const type of ['keyDown', 'keyUp'])
        await this.#page.send('Input.dispatchKeyEvent', { type, key, ...(key.length === 1 && { text: key }) });
  }

  async close(): Promise<void> {
    await this.#page.send('Browser.close');
    await this.ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
