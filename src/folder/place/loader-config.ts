/** What loaders read in `config.json` about the files of a model, brought up to date. */

/** The number of data files of each model file in a folder, by its name; 0 where all is in one file. */
export type DataFileCounts = Readonly<Record<string, number>>;

const SECTION = 'transformers.js_config';
const KEY = 'use_external_data_format';

/**
 * The text of `config.json` in which transformers.js finds which models have data files, and how many; undefined where it says so already, or is no
 * object. It fetches what it is told: a file that is missing there is never loaded, and one that is no more fails.
 */
export function withDataFiles(text: string, counts: DataFileCounts): string | undefined {
  let config: Record<string, unknown>;
  try {
    config = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return undefined;
  const section = (config[SECTION] ?? {}) as Record<string, unknown>;
  const wanted = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  const isNone = Object.keys(wanted).length === 0;
  if (isNone && !section[KEY]) return undefined;
  const { [KEY]: found, ...rest } = section;
  if (JSON.stringify(found) === JSON.stringify(wanted)) return undefined;
  const indent = /^\{\r?\n([ \t]+)/.exec(text)?.[1] ?? '';
  const changed = { ...config, [SECTION]: isNone ? rest : { ...rest, [KEY]: wanted } };
  return JSON.stringify(changed, null, indent) + (/\n$/.test(text) ? '\n' : '');
}
