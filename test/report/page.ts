/** A page in the browser, with everything that it says is wrong and every address that it asks for. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    await this.visit(pathToFileURL(path).href, width);
  }

  /** Opens an address. What was said and asked for before is forgotten. */
  async visit(url: string, width = 1280): Promise<void> {
    await this.#page.send('Emulation.setDeviceMetricsOverride', {
      width,
      height: 900,
      deviceScaleFactor: 1,
      mobile: width < 500,
    });
    this.requests.length = 0;
    this.said.length = 0;
    const isLoaded = new Promise<unknown>((resolve) => this.#page.on('Page.loadEventFired', resolve));
    await this.#page.send('Page.navigate', { url });
    await isLoaded;
  }

  /** The value of an expression in the page. */
  read<T = unknown>(expression: string): Promise<T> {
    return this.#page.evaluate(expression) as Promise<T>;
  }

  /** Waits until an expression in the page is true. */
  async until(expression: string): Promise<void> {
    await this.read(`new Promise((resolve, reject) => {
      let looks = 0;
      const look = () => {
        if (${expression}) resolve();
        else if (++looks > 500) reject(new Error('the page shows ' + document.body.innerText));
        else setTimeout(look, 20);
      };
      look();
    })`);
  }

  /** Chooses files in a field, as people do. */
  async choose(selector: string, ...files: readonly string[]): Promise<void> {
    const expression = `document.querySelector(${JSON.stringify(selector)})`;
    const { result } = await this.#page.send<{ result: { objectId: string } }>('Runtime.evaluate', { expression });
    await this.#page.send('DOM.setFileInputFiles', { files, objectId: result.objectId });
  }

  /** Clicks a link to a download, and gives the file, which is then gone. */
  async download(selector: string, folder: string): Promise<{ readonly name: string; readonly bytes: Buffer }> {
    await this.#page.send('Browser.setDownloadBehavior', {
      behavior: 'allowAndName',
      downloadPath: folder,
      eventsEnabled: true,
    });
    let name = '';
    this.#page.on('Browser.downloadWillBegin', (event) => {
      name = (event as { suggestedFilename: string }).suggestedFilename;
    });
    const done = new Promise<string>((resolve) =>
      this.#page.on('Browser.downloadProgress', (event) => {
        const { guid, state } = event as { guid: string; state: string };
        if (state === 'completed') resolve(join(folder, guid));
      }),
    );
    await this.read(`document.querySelector(${JSON.stringify(selector)}).click()`);
    const path = await done;
    const bytes = readFileSync(path);
    rmSync(path);
    return { name, bytes };
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
