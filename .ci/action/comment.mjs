/** One comment on the pull request, which later runs of the same job replace. A comment that cannot be made is a warning: gates decide. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { annotate, step } from './workflow.mjs';

const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_EVENT_PATH, GITHUB_WORKFLOW, GITHUB_JOB, MODELS, COMMENT, TOKEN } =
  process.env;
/** GitHub refuses more than 65,536 characters. */
const MOST = 60_000;

async function call(method, path, body) {
  const response = await fetch(`${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/${path}`, {
    method,
    headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${TOKEN}` },
    body: body && JSON.stringify(body),
  });
  if (response.ok) return response.json();
  throw new TypeError(
    `comment: ${method} ${path}: ${response.status}. Expected permissions: pull-requests: write; pull requests of forks lack them`,
  );
}

/** The comment of an earlier run. Only a bot's counts: others could write the mark as well. */
async function earlier(number, mark) {
  for (let page = 1; ; page++) {
    const found = await call('GET', `issues/${number}/comments?per_page=100&page=${page}`);
    const own = found.find(({ user, body }) => user?.type === 'Bot' && body?.startsWith(mark));
    if (own || found.length < 100) return own?.id;
  }
}

await step(async () => {
  const number = JSON.parse(readFileSync(GITHUB_EVENT_PATH, 'utf8')).pull_request?.number;
  if (!number) return annotate('notice', 'comment: this run is of no pull request');
  const job = createHash('sha256').update(JSON.stringify([GITHUB_WORKFLOW, GITHUB_JOB, MODELS]));
  const mark = `<!-- onnx-passes ${job.digest('hex').slice(0, 16)} -->`;
  const text = readFileSync(COMMENT, 'utf8');
  const cut =
    text.length > MOST ? `${text.slice(0, MOST)}\n\n</details>\n\nThe summary of the workflow has the rest.` : text;
  const body = { body: `${mark}\n${cut}` };
  try {
    const id = await earlier(number, mark);
    if (id) await call('PATCH', `issues/comments/${id}`, body);
    else await call('POST', `issues/${number}/comments`, body);
  } catch (error) {
    annotate('warning', error.message);
  }
});
