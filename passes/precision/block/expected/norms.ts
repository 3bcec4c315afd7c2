/** Norms by the inputs that are their scale and their shift. */
export const norms: Readonly<Record<string, readonly [scale: number, shift: number | undefined]>> = {
  LayerNormalization: [1, 2],
  RMSNormalization: [1, undefined],
  SimplifiedLayerNormalization: [1, undefined],
  SkipLayerNormalization: [2, 3],
  SkipSimplifiedLayerNormalization: [2, undefined],
};
