/** What could be done next, and what came of what could have been done. */

export interface Opportunity {
  /** The same in another report of the same model. */
  readonly key: string;
  readonly kind:
    | 'taken back'
    | 'not fused'
    | 'left in float'
    | 'left'
    | 'placement'
    | 'narrower'
    | 'not measured'
    | 'not exact';
  readonly title: string;
  readonly why: string;
  /** How many places it is about. */
  readonly count: number;
  readonly places: readonly string[];
  /** At most so much less, estimated: absent where nothing tells. */
  readonly ms?: number;
  readonly bytes?: number;
  /** Why there is neither. */
  readonly unknown?: string;
  /** What to do, in words. */
  readonly help?: string;
  readonly command?: string;
}
