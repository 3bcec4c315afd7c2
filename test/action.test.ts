/** The GitHub Action: each step that runs a shell, run by bash as a runner would, on the packed package. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { writeModel } from '../src/onnx/write.js';
import { tinyModel } from './cli/run-cli.js';
import { type Installed, installed, root } from './package/installed.js';

interface Step {
  readonly id: string;
  readonly run?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}
interface Described {
  readonly description: string;
  readonly default?: string;
}
const action = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as {
  readonly inputs: Readonly<Record<string, Described>>;
  readonly outputs: Readonly<Record<string, Described & { readonly value: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
};

interface Comment {
  readonly id: number;
  readonly user: { readonly type: string };
  body: string;
}

let project: Installed;
/** The key of the cache for the first run. */
let key: string | undefined;
let server: Server;
/** What GitHub's API holds. */
const comments: Comment[] = [];
beforeAll(async () => {
  project = installed();
  project.link('onnxruntime-node');
  project.link('onnxruntime-common');
  mkdirSync(join(project.folder, 'models'));
  await writeModel(tinyModel(), join(project.folder, 'models/-tiny model.onnx'));
  writeFileSync(join(project.folder, 'event.json'), JSON.stringify({ pull_request: { number: 7 } }));
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { pathname, searchParams } = new URL(request.url as string, 'http://localhost');
    const page = Number(searchParams.get('page') ?? 1);
    const answer = (status: number, value: unknown) => response.writeHead(status).end(JSON.stringify(value));
    if (request.headers.authorization !== 'Bearer secret') return answer(403, {});
    if (request.method === 'GET') return answer(200, comments.slice(100 * (page - 1), 100 * page));
    const { body } = JSON.parse(text);
    if (request.method === 'POST') return answer(201, add('Bot', body));
    const comment = comments.find(({ id }) => pathname === `/repos/o/r/issues/comments/${id}`);
    if (!comment) return answer(404, {});
    comment.body = body;
    return answer(200, comment);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  project.remove();
});

const add = (type: string, body: string) =>
  comments[comments.push({ id: comments.length + 1, user: { type }, body }) - 1];

type Outputs = Record<string, Record<string, string>>;

/** An expression in a step, of those that action.yml uses. */
const evaluated = (text: string, inputs: Readonly<Record<string, string>>, outputs: Outputs): string =>
  text.replace(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => {
    const words = expression.split('.');
    if (expression === 'github.token') return 'secret';
    if (words[0] === 'inputs') return inputs[words[1] as string] ?? action.inputs[words[1] as string]?.default ?? '';
    expect(expression).toMatch(/^steps\.\w+\.outputs\.[\w-]+$/);
    return outputs[words[1] as string]?.[words[3] as string] ?? '';
  });

/** Runs the steps in order, up to one that fails. */
async function run(inputs: Readonly<Record<string, string>>, { isCached = false, token = 'secret' } = {}) {
  const outputs: Outputs = { cache: { 'cache-hit': String(isCached) } };
  const summary = join(project.folder, 'summary.md');
  writeFileSync(summary, '');
  let log = '';
  let failed: string | undefined;
  for (const { id, run: script, if: condition, env = {} } of action.runs.steps) {
    if (!script || failed) continue;
    if (condition && inputs.comment !== 'true') continue;
    expect(script, `step ${id}: text of others in a shell`).not.toContain('${{');
    const path = join(project.folder, 'output');
    writeFileSync(path, '');
    const given = Object.fromEntries(
      Object.entries(env).map(([name, text]) => [name, evaluated(text, inputs, outputs).replace('secret', token)]),
    );
    const child = spawn('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script], {
      cwd: project.folder,
      env: {
        ...process.env,
        ...{
          GITHUB_WORKSPACE: project.folder,
          GITHUB_ACTION_PATH: root,
          GITHUB_OUTPUT: path,
          RUNNER_TEMP: project.folder,
        },
        ...{ GITHUB_STEP_SUMMARY: summary, GITHUB_EVENT_PATH: join(project.folder, 'event.json') },
        ...{ GITHUB_REPOSITORY: 'o/r', GITHUB_WORKFLOW: 'models', GITHUB_JOB: 'optimize' },
        GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        ...given,
      },
    });
    child.stdout.on('data', (chunk) => (log += chunk));
    child.stderr.on('data', (chunk) => (log += chunk));
    if ((await new Promise((resolve) => child.on('close', resolve))) !== 0) failed = id;
    const written = readFileSync(path, 'utf8');
    outputs[id] ??= {};
    for (const [, name, value] of written.matchAll(/^(\w+)=(.*)$/gm)) outputs[id][name as string] = value as string;
    for (const [, name, , value] of written.matchAll(/^(\w+)<<(.*)\n([\s\S]*?)\n\2$/gm))
      outputs[id][name as string] = value as string;
  }
  const found = Object.entries(action.outputs).map(([name, { value }]) => [name, evaluated(value, inputs, outputs)]);
  return { failed, log, key: outputs.key?.key, summary: readFileSync(summary, 'utf8'), ...Object.fromEntries(found) };
}

const file = (name: string) => join(project.folder, name);
const models = 'models/-tiny model.onnx';
const report = 'onnx-passes/models/-tiny model.report.json';

describe('the GitHub Action', () => {
  it('is described with its inputs and outputs, and the workflow there asks for no others', () => {
    const page = readFileSync(join(root, 'docs/github-action.md'), 'utf8');
    for (const [name, { description, default: value }] of [
      ...Object.entries(action.inputs),
      ...Object.entries<Described>(action.outputs),
    ])
      expect(page).toContain(`| \`${name}\` | ${description}${value === undefined ? '' : ` Default: \`${value}\`.`} |`);
    const { steps } = parse(/^```yaml\n(.*?)^```/ms.exec(page)?.[1] ?? '').jobs.optimize;
    const own = steps.find(({ uses }: { uses?: string }) => uses?.includes('/onnx-passes@'));
    expect(Object.keys(own.with).filter((name) => !(name in action.inputs))).toEqual([]);
  });

  it('optimizes, reports, and makes one comment, which the next run updates from the cache', async () => {
    for (let i = 0; i < 120; i++) add('User', '<!-- onnx-passes -->');
    const first = await run({ models, passes: 'simplify,bf16', target: 'cpu', comment: 'true' });
    expect(first, first.log).toMatchObject({ failed: undefined, verdict: 'passed', report });
    expect(first.result).toBe('onnx-passes/models/-tiny model.onnx');
    expect(existsSync(file(first.result))).toBe(true);
    expect(existsSync(file('onnx-passes/models/-tiny model.report.html'))).toBe(true);
    expect(first.summary).toMatch(/^# .*tiny model\.onnx/);
    expect(comments.slice(120).map(({ body }) => body)).toEqual([
      expect.stringMatching(/^<!-- onnx-passes \w{16} -->\n# /),
    ]);

    const before = readFileSync(file(report), 'utf8');
    cpSync(file(report), file('baseline.json'));
    const again = await run(
      { models, passes: 'simplify,bf16', target: 'cpu', comment: 'true', baseline: 'baseline.json' },
      { isCached: true },
    );
    expect(again, again.log).toMatchObject({ failed: undefined, verdict: 'passed', key: first.key });
    expect(readFileSync(file(report), 'utf8'), 'the cached report').toBe(before);
    expect(comments).toHaveLength(121);
    key = first.key;
    expect(comments[120]?.body).toContain('passed: not-larger');
  });

  it('fails where the result is larger than the baseline, with another key of the cache', async () => {
    const baseline = JSON.parse(readFileSync(file('baseline.json'), 'utf8'));
    baseline.output.bytes = 10;
    writeFileSync(file('smaller.json'), JSON.stringify(baseline));
    const asked = { models, passes: 'simplify', target: 'cpu', baseline: 'smaller.json', gates: 'not-larger' };
    const found = await run(asked, { isCached: true });
    expect(found, found.log).toMatchObject({ failed: 'verdict', verdict: 'failed' });
    expect(found.summary).toContain('**failed**: not-larger');
    expect(found.key).toMatch(/^onnx-passes-\w{64}$/);
    expect(found.key).not.toBe(key);
  });

  it('warns where a baseline is named and there is none, and passes', async () => {
    const found = await run({ models, passes: 'simplify', baseline: 'none.json' }, { isCached: true });
    expect(found, found.log).toMatchObject({ failed: undefined, verdict: 'passed' });
    expect(found.log).toContain('::warning title=onnx-passes::baseline: expected a report at');
  });

  it('fails with the message of the command; a comment that GitHub refuses is a warning', async () => {
    const found = await run({ models, passes: 'simplify$(touch made)', comment: 'true' }, { token: 'other' });
    expect(found, found.log).toMatchObject({ failed: 'verdict', verdict: 'failed', report: '', result: '' });
    expect(found.log).toMatch(
      /^::error title=onnx-passes::models\/-tiny model\.onnx: exit code 1\. error: .*touch made/m,
    );
    expect(found.log).toMatch(/^::warning title=onnx-passes::comment: GET .*: 403\. Expected permissions/m);
    expect(existsSync(file('made'))).toBe(false);
  });

  it.each<[Record<string, string>, string]>([
    [{ models: '' }, 'models: expected a path or a glob that finds one; found no model'],
    [{ models: '../other.onnx' }, 'models: expected a path in the workspace; found ../other.onnx'],
    [{ models: 'models/none.onnx' }, 'models: expected a file; found none at models/none.onnx'],
    [{ models, out: '.' }, 'out: expected a folder of its own in the workspace; found the workspace'],
  ])('refuses %s', async (inputs, message) => {
    const { failed, log } = await run(inputs);
    expect(failed).toBe('key');
    expect(log).toContain(`::error title=onnx-passes::${message}`);
  });
});
