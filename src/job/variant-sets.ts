/** Sets of variants by name, and variants as they are written: `name=passes`. */
import { UsageError, unknownText } from '../ir/text/usage-error.js';

/** One file of several. */
export interface Variant {
  readonly name: string;
  /** Behind the stem of the input's name. */
  readonly suffix: string;
  readonly passes: string;
}

/**
 * What the loader of transformers.js looks for, by its `dtype`: `model.onnx` with the suffix of the type before the ending; `q8` is `_quantized`.
 * See https://huggingface.co/docs/transformers.js/guides/dtypes.
 */
const transformersJs: readonly Variant[] = [
  { name: 'fp32', suffix: '', passes: 'exact' },
  { name: 'fp16', suffix: '_fp16', passes: 'exact,fp16' },
  { name: 'q8', suffix: '_quantized', passes: 'quarter' },
  { name: 'int8', suffix: '_int8', passes: 'quarter' },
  { name: 'uint8', suffix: '_uint8', passes: 'simplify,fuse-rope,fuse-attn,fuse-norm,int8:unsigned=true,fuse-act' },
  { name: 'q4', suffix: '_q4', passes: 'exact,int4' },
  { name: 'q4f16', suffix: '_q4f16', passes: 'exact,int4,fp16' },
  { name: 'bnb4', suffix: '_bnb4', passes: 'exact,int4:type=nf4' },
];

const sets: Readonly<Record<string, readonly Variant[]>> = { 'transformers-js': transformersJs };

/** Reads `transformers-js`, `a=exact`, `b=half,fuse`: names are parts of files' names. Throws UsageError where one is neither, or stands twice. */
export function variantsIn(asked: readonly string[]): readonly Variant[] {
  const variants = asked.flatMap((text): readonly Variant[] => {
    if (Object.hasOwn(sets, text)) return sets[text] as readonly Variant[];
    const [, name, passes] = /^([\w.-]+)=(.+)$/s.exec(text) ?? [];
    if (name && passes) return [{ name, suffix: `_${name}`, passes }];
    if (text.includes('='))
      throw new UsageError(`variants: expected name=passes, a name of letters, digits, . _ and -; found "${text}"`);
    throw new UsageError(`variants: ${unknownText('set', text, Object.keys(sets))}, or name=passes`);
  });
  if (variants.length === 0)
    throw new UsageError(`variants: expected name=passes or ${Object.keys(sets).join(', ')}; found none`);
  const seen = new Set<string>();
  for (const { name, suffix } of variants) {
    if (seen.has(suffix)) throw new UsageError(`variants: expected "${name}" once; found it twice`);
    seen.add(suffix);
  }
  return variants;
}
