/** What a part of the fuzzing is asked, and what it answers. */
export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** The first case of the seed, and how many: one that failed, alone. */
  readonly first?: number;
  readonly count?: number;
  /** Findings and progress, a line or more. */
  readonly say: (text: string) => void;
}

export interface FuzzSummary {
  readonly text: string;
  readonly findings: number;
}

export type Fuzz = (options: FuzzOptions) => Promise<FuzzSummary>;
