/** Light, dark, or as the system is. */

const themes = ['system', 'dark', 'light'] as const;
const KEY = 'onnx-passes-theme';

export function startTheme(): void {
  const button = document.getElementById('theme') as HTMLButtonElement;
  let theme = kept();
  const apply = (): void => {
    document.documentElement.dataset.theme = theme;
    const said = theme === 'system' ? 'as the system' : theme;
    button.setAttribute('aria-label', `Theme: ${said}`);
    button.title = `Theme: ${said}`;
  };
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length] as typeof theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // A file may have no storage: the choice then holds as long as the page is open.
    }
    apply();
  });
  apply();
}

function kept(): (typeof themes)[number] {
  try {
    return themes.find((theme) => theme === localStorage.getItem(KEY)) ?? 'system';
  } catch {
    return 'system';
  }
}
