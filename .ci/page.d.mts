export function buildPage(out: string, options?: { readonly runtime?: boolean }): Promise<void>;
