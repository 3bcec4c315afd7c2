/** A candidate of tuning, or why it was not measured. */
export interface TunedRow {
  readonly model: string;
  readonly candidate: string;
  readonly kept: boolean;
  readonly ratio?: number;
  readonly interval?: { readonly low: number; readonly high: number };
  readonly significant?: boolean;
  readonly reason?: string;
}
