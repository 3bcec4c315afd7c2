/** Optimizes each model, with its report, page and part of the summary, and holds it against the baseline. */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { annotate, filesOf, listOf, models, outFolder, setOutput, step } from './workflow.mjs';

const { GITHUB_WORKSPACE: workspace, FOLDER, BASELINE, IS_CACHED, GITHUB_STEP_SUMMARY, RUNNER_TEMP } = process.env;
process.chdir(workspace);

/** Runs the command. What a model says is no command to the runner. */
function run(words, { isShown = true } = {}) {
  const cli = join(FOLDER, 'node_modules/onnx-passes/dist/cli.js');
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [cli, ...words], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, NO_COLOR: '1' },
  });
  if (error) throw error;
  const token = randomUUID();
  const shown = isShown ? `${stdout}${stderr}` : stderr;
  if (shown !== '') process.stdout.write(`::stop-commands::${token}\n${shown}\n::${token}::\n`);
  return { status: status ?? 1, stdout, stderr };
}

/** A path that no command takes for a flag. */
const safe = (path) => `./${path}`;
const flag = (name, value) => (value ? [`--${name}=${value}`] : []);

/** The exit code of the command, and the line that says why. */
function optimized(model, { result, report }) {
  for (const old of [result, report]) rmSync(old, { force: true });
  mkdirSync(dirname(result), { recursive: true });
  const { PASSES, TARGET, MAX_ERROR, MAX_SIZE } = process.env;
  const settings = [
    ...flag('passes', PASSES),
    ...flag('target', TARGET),
    ...flag('max-error', MAX_ERROR),
    ...flag('max-size', MAX_SIZE),
  ];
  const { status, stderr } = run([safe(model), '-o', safe(result), '--report', safe(report), ...settings]);
  return { status, why: stderr.trim().split('\n').at(-1) ?? '' };
}

/** The report of the baseline for a model. */
function baselineOf(report) {
  if (!BASELINE) return undefined;
  const path = resolve(BASELINE);
  const found = statSync(path, { throwIfNoEntry: false })?.isDirectory()
    ? join(path, relative(outFolder(), report))
    : path;
  if (existsSync(found)) return found;
  annotate('warning', `baseline: expected a report at ${found}; found none, so nothing is held against it`);
  return undefined;
}

/** The Markdown of a report, or of its difference from the baseline. */
function shown(words) {
  const { status, stdout } = run([...words, '--format', 'md'], { isShown: false });
  return { status, markdown: stdout };
}

await step(async () => {
  const gates = listOf('GATES', /[\s,]+/).map((name) => `--${name}`);
  const outcomes = join(outFolder(), 'outcomes.json');
  const before = IS_CACHED === 'true' && existsSync(outcomes) ? JSON.parse(readFileSync(outcomes, 'utf8')) : {};
  const after = {};
  const parts = [];
  let hasFailed = false;
  for (const model of models()) {
    const files = filesOf(model);
    const { status, why } = (after[model] = before[model] ?? optimized(model, files));
    if (status !== 0) {
      hasFailed = true;
      annotate('error', `${model}: exit code ${status}. ${why}`);
    }
    if (!existsSync(files.report)) {
      parts.push(`# ❌ No report\n\n${`${model}: ${why}`.replace(/^/gm, '    ')}\n`);
      continue;
    }
    parts.push(shown(['report', safe(files.report)]).markdown);
    run(['report', safe(files.report), '-o', safe(files.page)]);
    const baseline = baselineOf(files.report);
    if (!baseline) continue;
    const diff = shown(['report', 'diff', baseline, safe(files.report), ...gates]);
    parts.push(diff.markdown);
    if (diff.status !== 0) {
      hasFailed = true;
      annotate('error', `${model}: held against ${baseline}, exit code ${diff.status}: see the summary`);
    }
  }
  mkdirSync(outFolder(), { recursive: true });
  writeFileSync(outcomes, JSON.stringify(after));
  appendFileSync(GITHUB_STEP_SUMMARY, `${parts.join('\n')}\n`);
  const comment = join(RUNNER_TEMP, `onnx-passes-${randomUUID()}.md`);
  writeFileSync(comment, parts.join('\n'));
  const existing = (name) =>
    Object.keys(after)
      .map((model) => filesOf(model)[name])
      .filter((path) => existsSync(path));
  setOutput('comment', comment);
  setOutput('report', existing('report').join('\n'));
  setOutput('result', existing('result').join('\n'));
  setOutput('verdict', hasFailed ? 'failed' : 'passed');
});
