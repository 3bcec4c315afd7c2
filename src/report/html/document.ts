/** The document: one file that loads nothing, whatever the data in it says. */
import { script, scriptHash, style, styleHash } from './assets.js';
import { html, jsonInScript, Markup } from './markup.js';
import type { PageData } from './page-data.js';
import { type PageSection, sectionMarkup } from './sections/section.js';

export interface Document {
  readonly title: string;
  /** Below the title, in a line. */
  readonly subtitle: readonly string[];
  readonly sections: readonly PageSection[];
  readonly data: PageData;
}

/** Only this script and this style are allowed, and pictures that are in the file. */
const policy = `default-src 'none'; script-src '${scriptHash}'; style-src '${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'`;

export function documentText({ title, subtitle, sections, data }: Document): string {
  return `${
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title} – onnx-passes</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header>
<div class="name"><h1>${title}</h1><p>${subtitle.map((text) => html`<span>${text}</span>`)}</p></div>
<div class="tools"><div class="search"><input id="search" type="search" placeholder="Search" aria-label="Search the report" aria-controls="results" autocomplete="off" spellcheck="false" role="combobox" aria-expanded="false"><kbd aria-hidden="true">/</kbd><ul id="results" role="listbox" aria-label="found" hidden></ul></div>
<button id="theme" type="button" aria-label="Theme: as the system"></button></div>
</header>
<nav aria-label="Sections"><ul>${sections.map(({ id, title: name, count }) => html`<li><a href="#${id}">${name}${count && html`<span>${count}</span>`}</a></li>`)}</ul></nav>
<main id="main">${sections.map(sectionMarkup)}
<footer>Made by onnx-passes. Keys: <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> rows, <kbd>Enter</kbd> open, <kbd>Esc</kbd> close.</footer></main>
<aside id="details" aria-label="Details" tabindex="-1" hidden></aside>
<script type="application/json" id="data">${jsonInScript(data)}</script>
<script type="module">${new Markup(script)}</script>
</body>
</html>`.text
  }\n`;
}
