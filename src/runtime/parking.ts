/** A place for one session of a process that nobody uses: a load of the same model takes it up again, a load of another model releases it first. */
import type { LoadOptions } from './protocol.js';
import type { Session } from './session.js';

/** A model as it is handed in, and the options of its session. */
type Loaded = readonly [model: string | Uint8Array, options: LoadOptions];

interface Parked {
  readonly of: Loaded;
  readonly session: Promise<Session>;
}

const isSame = ([model, options]: Loaded, [other, its]: Loaded): boolean =>
  model === other && textOf(options) === textOf(its);

/** An option that is off is as one that is left out. */
const textOf = (options: LoadOptions): string =>
  JSON.stringify(
    Object.entries(options)
      .filter(([, value]) => value !== undefined && value !== false)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

export class Parking {
  #parked: Parked | undefined;

  get isTaken(): boolean {
    return this.#parked !== undefined;
  }

  /** `session` may still be loading. A failure is that of the load that takes it. */
  put(of: Loaded, session: Promise<Session>): void {
    session.catch(() => {});
    this.#parked = { of, session };
  }

  /** The session that is parked, if it is of this model and lives; otherwise undefined, and the place is empty. */
  async take(of: Loaded): Promise<Session | undefined> {
    const parked = this.#parked;
    this.#parked = undefined;
    if (parked && isSame(parked.of, of)) {
      const session = await parked.session;
      return session.isAlive ? session : undefined;
    }
    await parked?.session.then((session) => session.release()).catch(() => {});
    return undefined;
  }
}
