/** The files that people choose or drop: one model, and its data files. */

export interface Chosen {
  readonly model: File;
  readonly data: readonly File[];
}

/** Files without a model among them are data of the model before. Gives a text where it is not clear which one is the model. */
export function chosenOf(files: readonly File[], before: Chosen | undefined): Chosen | string {
  const models = files.filter(({ name }) => /\.onnx$/i.test(name));
  const others = files.filter((file) => !models.includes(file));
  const [model, second] = models;
  if (second)
    return `expected one model; found ${models.map(({ name }) => name).join(', ')}. Choose them one after another`;
  if (model) return { model, data: others };
  if (before) return { model: before.model, data: [...before.data, ...others] };
  const [only, ...more] = others;
  if (only && more.length === 0) return { model: only, data: [] };
  return files.length === 0
    ? 'expected a file; found none. A folder cannot be dropped: choose the files in it'
    : `expected a file that ends in .onnx; found ${files.map(({ name }) => name).join(', ')}`;
}

/** Hears what is chosen, and what is dropped anywhere on the page. */
export function whenChosen(input: HTMLInputElement, zone: HTMLElement, hear: (files: readonly File[]) => void): void {
  input.addEventListener('change', () => {
    if (input.files?.length) hear([...input.files]);
    // The same file may be chosen again, after a mend.
    input.value = '';
  });
  const over = (isOver: boolean) => (event: DragEvent) => {
    event.preventDefault();
    zone.classList.toggle('over', isOver);
  };
  document.addEventListener('dragover', over(true));
  document.addEventListener('dragleave', over(false));
  document.addEventListener('drop', (event) => {
    over(false)(event);
    const items = [...(event.dataTransfer?.items ?? [])];
    const isFolder = (item: DataTransferItem): boolean => item.webkitGetAsEntry()?.isDirectory ?? false;
    hear(items.flatMap((item) => (isFolder(item) ? [] : (item.getAsFile() ?? []))));
  });
}
