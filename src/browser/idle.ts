/** Idle processes, of which a browser has none: built in place of `src/runtime/idle.ts`. */
export const endIdle = async (): Promise<void> => {};
