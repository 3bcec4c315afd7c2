/** One run over a folder: where its files are, and what earlier runs have made of them. */
import type { FolderOptions } from '../folder-options.js';
import type { FolderRecord } from './record.js';

export interface FolderJob {
  readonly input: string;
  readonly out: string;
  readonly staging: string;
  /** Says that what is staged stays when the run is stopped: a part is done. */
  readonly keep: () => void;
  /** What the folder of the result was made of. */
  readonly earlier: FolderRecord | undefined;
  /** What a run that was stopped has made. */
  readonly begun: FolderRecord | undefined;
  readonly options: FolderOptions;
  /** True where no file may be larger than what browsers fetch and hold. */
  readonly isForBrowsers: boolean;
}
