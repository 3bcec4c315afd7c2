/** What a probe and its child process say to each other: the models by message, their ends by lines in the log. */

export interface ProbedModel {
  readonly model: string | Uint8Array;
}

export const lines = { begins: '@model', refused: '@refused ', ends: '@done' } as const;
