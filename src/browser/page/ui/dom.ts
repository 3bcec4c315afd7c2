/** Elements by id, and new ones: texts come into the page as text alone. */

export const byId = <E extends HTMLElement = HTMLElement>(id: string): E => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`expected an element "${id}"; found none`);
  return found as E;
};

/** A new element, with properties set and children in it. */
export function made<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function show(id: string, isShown = true): void {
  byId(id).hidden = !isShown;
}
