import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { glob, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../src/lib/run.ts';
import { DOCUMENT } from './api-client.ts';
import { clientOf } from './client.ts';
import { customerOf, type Kind } from './customer.ts';
import { type Block, blocksOf, findForgotten, TYPED_BY, typedBlocks } from './documented-commands.ts';
import { startTestApp, type TestApp } from './harness.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const pages = await Array.fromAsync(
  glob('{*,docs/**/*,client/**/*,server/**/*}.md', { cwd: ROOT, exclude: ['**/node_modules/**'] }),
);

it('every command of the documentation is typed by a test, or has a reason why not', () => {
  assert.ok(pages.length > 50);
  assert.deepEqual(findForgotten(pages), []);
  for (const [page, file] of Object.entries(TYPED_BY)) {
    assert.ok(existsSync(path.join(ROOT, file)), file);
    assert.ok(typedBlocks(page).length > 0, `${page} has nothing to type`);
    assert.equal(page in PAGES, path.join(ROOT, file) === import.meta.filename, page);
  }
});

it('errors on their pages are such as the API answers', () => {
  const { properties, required } = DOCUMENT.components.schemas.ApiError!;
  for (const page of pages.filter((one) => /^docs\/errors\/[a-z_]+\.md$/.test(one))) {
    const [example, ...others] = blocksOf(page);
    const error = JSON.parse(example!.code);
    assert.deepEqual([error.code, others], [path.basename(page, '.md'), []]);
    assert.deepEqual(
      Object.keys(error).filter((member) => !(member in (properties as object))),
      [],
      page,
    );
    assert.deepEqual(
      (required as string[]).filter((member) => !(member in error)),
      [],
      page,
    );
  }
});

/** The pages that are typed here: the kind of instance that `ID` is, and something that the commands print. */
const PAGES: Record<string, { instance: Kind | null; prints: RegExp }> = {
  'README.md': { instance: null, prints: /"connection_info":"postgresql:/ },
  'docs/alerts.md': { instance: 'vps', prints: /"metric_type":"cpu_usage"/ },
  'docs/api.md': { instance: null, prints: /^laptop$/m },
  'docs/authentication.md': { instance: null, prints: /ada@example\.org/ },
  'docs/billing.md': { instance: 'vps', prints: /^\d{4}-\d\d,\d+,vps,/m },
  'docs/cli.md': { instance: null, prints: /^web-1$/m },
  // As there are no mails.
  'docs/configuration.md': { instance: null, prints: /^\[\]$/m },
  'docs/events.md': { instance: 'vps', prints: /"next_after":[\s\S]*^id: \d+$/m },
  'docs/firewalls.md': { instance: 'vps', prints: /"message":/ },
  'docs/metrics.md': { instance: 'vps', prints: /"unit":/ },
  'docs/notifications.md': { instance: 'vps', prints: /"unread_count":/ },
  'docs/operations.md': { instance: null, prints: /^\d+\|\w+$/m },
  'docs/operators.md': { instance: null, prints: /^admin@localhost$/m },
  'docs/snapshots.md': { instance: 'database', prints: /"last_verified_at":/ },
  'docs/webhooks.md': { instance: null, prints: /"webhook_secret":"whsec_/ },
};

const LOOK = 'curl -sS -H "Authorization: Bearer $TOKEN" $API';
/** As a reader would put in what a page leaves open, and wait where it says so. */
const FILL_IN: [RegExp, string][] = [
  [/^(TOKEN|API)=.*$/gm, ''],
  [
    /^# Repeat until "status" is "running".*\n(.+)$/gm,
    `until $1 | grep '"status":"running"'; do sleep 0.1; done`,
  ],
  [/database\/ID/g, `database/$(${LOOK}/database | jq -r '.data[0].id')`],
  [/token revoke \d+/g, 'token revoke 2'],
  [
    /endpoints\/\$ENDPOINT/g,
    `endpoints/$(${LOOK}/webhooks/endpoints | jq -r '.data[] | select(.name == "deploy bot").id')`,
  ],
  [/deliveries\/\$DELIVERY/g, `deliveries/$(${LOOK}/webhooks/deliveries | jq -r '.data[0].id')`],
  // It never ends by itself, and is left at its first position.
  [/^(curl -N .*)$/gm, `sed '/^id: /q' < <($1 2>/dev/null)`],
];
/** An answer that is an error is a failure, also where the page has no such option. */
const STRICT =
  'curl() { command curl --fail-with-body "$@"; }\n' +
  'danubectl() { "$NODE" client/cli/danubectl.mjs "$@"; }';

/** Types the pages against servers with simulated instances, each of them a new install. */
describe('the commands of', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-documented-'));
    await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  });
  after(() => rm(folder, { recursive: true }));

  const secretKey = Buffer.alloc(32, 9);

  /** A user with an SSH key, a token and the settings of the server. */
  async function reader(test: TestApp): Promise<Record<string, string>> {
    const home = await mkdtemp(path.join(folder, 'home-'));
    await mkdir(path.join(home, '.ssh'));
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(home, '.ssh/id_ed25519')]);
    return {
      PATH: process.env.PATH!,
      HOME: home,
      TOKEN: test.team.token,
      API: `${test.app.url}/api/v1`,
      NODE: process.execPath,
      DANUBE_URL: test.app.url!,
      DANUBE_TOKEN: test.team.token,
      DATABASE_URL: test.database.url,
      DANUBE_ENGINE: 'sim',
      DANUBE_SECRET_KEY: secretKey.toString('base64'),
      DANUBE_HOME: path.join(home, 'danube'),
    };
  }

  /** Types all of this, up to the first that fails. Returns what it prints. */
  async function type(blocks: readonly Block[], env: Record<string, string>, test: TestApp): Promise<string> {
    const codeIn = (wanted: string) =>
      blocks.filter(({ language }) => language === wanted).map(({ code }) => code);
    let printed = '';
    for (const query of codeIn('sql'))
      printed += `${JSON.stringify((await test.database.pool.query(query)).rows)}\n`;
    const commands = FILL_IN.reduce((text, [open, by]) => text.replace(open, by), codeIn('sh').join('\n'));
    const options = { cwd: ROOT, env, timeoutSeconds: 300, allow: 'any' as const };
    const shell = await run('bash', ['-euo', 'pipefail'], { ...options, input: `${STRICT}\n${commands}` });
    printed += shell.stdout;
    assert.equal(shell.status, 0, `${printed}\n${shell.stderr}`);
    for (const program of codeIn('ts')) {
      const here = program
        .replace('https://cloud.example.org', test.app.url!)
        .replace(/'1\|…'/, `'${env.TOKEN}'`);
      await writeFile(path.join(folder, 'program.ts'), `${here}\nconsole.log(error ?? data.data[0]?.name);`);
      printed += (await run(process.execPath, [path.join(folder, 'program.ts')], { env })).stdout;
    }
    return printed;
  }

  for (const [page, { instance, prints }] of Object.entries(PAGES)) {
    it(page, async () => {
      const test = await startTestApp({ secretKey });
      try {
        const env = await reader(test);
        if (instance) env.ID = await customerOf(clientOf(test.app.url!, env.TOKEN!)).running(instance);
        const printed = await type(typedBlocks(page), env, test);
        assert.match(printed, prints);
        // What jq prints for a member that the answer does not have.
        assert.doesNotMatch(printed, /^null$/m);
      } finally {
        await test.close();
      }
    });
  }
});
