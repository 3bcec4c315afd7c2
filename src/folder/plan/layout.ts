/** The layouts of folders that exporters write, and the role that each model file has in one. */

export type LayoutKind = 'diffusers' | 'transformers' | 'transformers.js' | 'files';

export type PartRole =
  | 'text encoder'
  | 'image encoder'
  | 'denoiser'
  | 'VAE decoder'
  | 'VAE encoder'
  | 'safety checker'
  | 'encoder'
  | 'decoder'
  | 'decoder with past'
  | 'merged decoder'
  | 'model'
  /** The same model as another file of the folder, with fewer bits. */
  | 'variant';

export interface FolderPart {
  /** In the folder, with `/`. */
  readonly path: string;
  /** What it is called on the command line: its folder where that has one model, else the name of the file. */
  readonly name: string;
  readonly role: PartRole;
}

export interface FolderLayout {
  readonly kind: LayoutKind;
  readonly parts: readonly FolderPart[];
}

/** Suffixes that the loader of transformers.js knows by its `dtype`. */
const VARIANT = /_(fp16|quantized|q8|int8|uint8|q4|q4f16|bnb4|q2|q2f16|q1|q1f16)$/;

/** Roles by the name of the folder in a diffusers pipeline. */
const diffusersRoles: readonly (readonly [RegExp, PartRole])[] = [
  [/^text_encoder/, 'text encoder'],
  [/^(unet|transformer|prior|controlnet)/, 'denoiser'],
  [/^vae_decoder|^vqvae_decoder|^vae$/, 'VAE decoder'],
  [/^vae_encoder|^vqvae_encoder/, 'VAE encoder'],
  [/^safety_checker/, 'safety checker'],
  [/^image_encoder/, 'image encoder'],
];

/** Roles by the name of the file in an export of transformers. */
const transformersRoles: readonly (readonly [RegExp, PartRole])[] = [
  [/^decoder_model_merged|^decoder_merged/, 'merged decoder'],
  [/^decoder_with_past/, 'decoder with past'],
  [/^(decoder|lm_head)/, 'decoder'],
  [/^(vision_|image_)/, 'image encoder'],
  [/^text_/, 'text encoder'],
  [/encoder/, 'encoder'],
];

const stemOf = (path: string): string => path.replace(/^.*\//, '').replace(/\.onnx$/i, '');
/** The folder of a path with `/`; empty for none. */
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The folders of a pipeline; its index may not have been copied along. */
const isPipeline = (paths: readonly string[]): boolean =>
  [/^(unet|transformer)\/[^/]+\.onnx$/i, /^vae(_decoder)?\/[^/]+\.onnx$/i].every((part) =>
    paths.some((path) => part.test(path)),
  );

const kindOf = (paths: readonly string[]): LayoutKind => {
  if (paths.includes('model_index.json') || isPipeline(paths)) return 'diffusers';
  if (!paths.includes('config.json')) return 'files';
  return paths.some((path) => /^onnx\/[^/]+\.onnx$/.test(path)) ? 'transformers.js' : 'transformers';
};

/** The layout of a folder by the paths of its files, relative and with `/`. */
export function layoutOf(paths: readonly string[]): FolderLayout {
  const kind = kindOf(paths);
  const models = paths.filter((path) => /\.onnx$/i.test(path)).sort();
  const parts = models.map((path): FolderPart => {
    const [folder, stem] = [folderOf(path), stemOf(path)];
    const isAlone = folder !== '' && folder !== 'onnx' && models.filter((one) => folderOf(one) === folder).length === 1;
    return {
      path,
      name: isAlone ? folder : path.replace(/^onnx\//, '').replace(/\.onnx$/i, ''),
      role: roleOf(path, stem),
    };
  });
  return { kind, parts };

  function roleOf(path: string, stem: string): PartRole {
    const base = stem.replace(VARIANT, '');
    if (base !== stem && models.includes(`${path.slice(0, -`${stem}.onnx`.length)}${base}.onnx`)) return 'variant';
    const [table, name] =
      kind === 'diffusers' ? [diffusersRoles, path.split('/')[0] as string] : [transformersRoles, base];
    return table.find(([pattern]) => pattern.test(name))?.[1] ?? 'model';
  }
}
