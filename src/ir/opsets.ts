/** The operator sets that a model or a function imports. */

/** Operator sets by domain. To import another, or another version, is an edit. */
export class Opsets extends Map<string, number> {
  readonly #touch: () => void;

  constructor(entries: Iterable<readonly [string, number]>, touch: () => void) {
    super();
    this.#touch = touch;
    for (const [domain, version] of entries) super.set(domain, version);
  }

  override set(domain: string, version: number): this {
    if (this.get(domain) !== version) this.#touch();
    return super.set(domain, version);
  }

  override delete(domain: string): boolean {
    if (this.has(domain)) this.#touch();
    return super.delete(domain);
  }
}
