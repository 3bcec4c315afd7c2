/** The values of the option `op` of fuse-attn, as users write them: the command line knows them without the code behind them. */
export const attentionOps = [
  'auto',
  'MultiHeadAttention',
  'GroupQueryAttention',
  'Attention',
  'com.microsoft.Attention',
] as const;
export type AttentionOp = (typeof attentionOps)[number];
