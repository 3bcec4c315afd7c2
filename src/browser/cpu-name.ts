/** The name of the CPU, which a browser does not tell: built in place of `src/validate/sides/cpu-name.ts`. */
export const cpuName = (): string | undefined => undefined;
