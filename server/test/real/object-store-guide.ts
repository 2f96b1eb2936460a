import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { type RunResult, run } from '../../src/lib/run.ts';
import { typedBlocks } from '../documented-commands.ts';
import type { StoreCustomers } from './object-store-customers.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const PAGE = 'docs/object-storage.md';
const SECONDS = 600;
const GO_MODULE = 'github.com/minio/minio-go/v7@v7.4.1';
/** How each language of the page is run, given the file of the program. */
const LANGUAGES: Record<string, { file: string; command: (file: string) => string[] }> = {
  python: { file: 'main.py', command: (file) => ['/usr/bin/python3', file] },
  js: { file: 'main.mjs', command: (file) => [process.execPath, file] },
  ruby: { file: 'main.rb', command: (file) => ['/usr/bin/ruby', file] },
  go: { file: 'main.go', command: (file) => ['go', 'run', file] },
};
/** What the shell of the reader tells the programs. */
const VARIABLES = /^(AWS_|S3_|BUCKET_NAME|NODE_EXTRA|SSL_CERT)/;

/** Types the guide, with a real object store, up to the point where there is nothing left of what it made. */
export function testGuide(customers: StoreCustomers): void {
  describe(`the commands of ${PAGE}`, { concurrency: 1 }, () => {
    const blocks = typedBlocks(PAGE);
    let folder: string;
    let env: NodeJS.ProcessEnv;

    before(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'danube-guide-'));
      await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
      await mkdir(path.join(folder, 'photos/2025 in Köln'), { recursive: true });
      for (const name of ['holiday.jpg', 'photos/one.jpg', 'photos/2025 in Köln/two + three.jpg'])
        await writeFile(path.join(folder, name), `${name} `.repeat(1000));
      await cp(path.join(folder, 'photos'), path.join(folder, 'before'), { recursive: true });
      await mkdir(path.join(folder, 'pages'));
      for (const name of ['index.html', '404.html'])
        await writeFile(path.join(folder, 'pages', name), `<p>${name}</p>`);
      const { test, team } = customers;
      env = {
        ...process.env,
        // What is compiled once is kept for the next run.
        GOCACHE: process.env.GOCACHE ?? path.join(os.homedir(), '.cache/go-build'),
        GOPATH: process.env.GOPATH ?? path.join(os.homedir(), 'go'),
        HOME: folder,
        // Names of files are not only ASCII.
        LANG: 'C.UTF-8',
        TOKEN: team.token,
        API: `${test.app.url}/api/v1`,
      };
    });
    after(() => rm(folder, { recursive: true, force: true }));

    const inFolder = (command: string[], changes: NodeJS.ProcessEnv = {}): Promise<RunResult> =>
      // By a shell, because Node waits for the time limit of a program that is not there.
      run('bash', ['-c', 'exec "$@"', 'bash', ...command], {
        ...{ allow: 'any', cwd: folder, timeoutSeconds: SECONDS },
        env: { ...env, ...changes },
      });
    /** The lines of a shell under these headings, which are typed in one. */
    const shell = (...headings: string[]): string =>
      blocks
        .filter(({ language, headings: above }) => language === 'sh' && headings.includes(above.at(-1) ?? ''))
        .map(({ code }) => code)
        .join('\n');
    /** Types these lines in one shell. Returns what they print. */
    const type = async (lines: string): Promise<string> => {
      const { status, stdout, stderr } = await inFolder(['bash', '-euo', 'pipefail', '-c', lines]);
      assert.equal(status, 0, `${stdout}\n${stderr}`);
      return stdout;
    };

    const START = ['Object storage', 'Create a bucket', 'Change it', 'Create an access key', 'Connect'];

    it('lead to what clients need', async () => {
      const lines = `${shell(...START)}\nprintf 'BUCKET=%s\\nKEY=%s\\n' "$BUCKET" "$(jq -c . <<<"$KEY")"\nenv`;
      const printed = await type(lines);
      assert.match(printed, /^active$[\s\S]*^t\d+-photos$/m);
      for (const line of printed.split('\n')) {
        const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
        if (name && (VARIABLES.test(name) || ['BUCKET', 'KEY'].includes(name))) env[name] = value;
      }
      assert.ok(env.AWS_SECRET_ACCESS_KEY && env.BUCKET_NAME);
    });

    for (const [language, { file, command }] of Object.entries(LANGUAGES)) {
      it(`write and read in ${language}`, async (context: TestContext) => {
        const [block, ...others] = blocks.filter((one) => one.language === language);
        assert.ok(block && others.length === 0);
        await writeFile(path.join(folder, file), block.code);
        if (language === 'go') {
          const skip = await prepareGo();
          if (skip) return context.skip(skip);
        }
        const { status, stdout, stderr } = await inFolder(command(file));
        assert.equal(status, 0, `${stdout}\n${stderr}`);
        const [read, address] = stdout.trim().split('\n');
        assert.equal(read, 'hello');
        const { pathname, search } = new URL(address!);
        assert.equal((await customers.send({ path: `${pathname}${search}` })).body, 'hello');
        const untrusted = await inFolder(command(file), {
          ...{ AWS_CA_BUNDLE: undefined, SSL_CERT_FILE: undefined, NODE_EXTRA_CA_CERTS: undefined },
        });
        assert.notEqual(untrusted.status, 0);
      });
    }

    it('copy, list and share with aws', async () => {
      const printed = await type(shell('Object storage', 'With `aws`'));
      assert.match(printed, /photos\/2025 in Köln\/two \+ three\.jpg/);
      assert.match(printed, /^https:.*X-Amz-Signature=/m);
    });

    for (const program of ['rclone', 's3cmd']) {
      it(`copy and list with ${program}`, async () => {
        const printed = await type(shell('Object storage', `With \`${program}\``));
        assert.match(printed, /2025 in Köln\/two \+ three\.jpg/);
      });
    }

    /** Whether a folder has come back as it was. */
    async function isRestored(restored: string): Promise<void> {
      const { status, stdout, stderr } = await inFolder(['diff', '-r', 'before', restored]);
      assert.equal(status, 0, `${stdout}\n${stderr}`);
    }

    it('back up and restore with restic, and with rclone', async () => {
      const printed = await type(shell('Object storage', 'With `rclone`', 'Back up'));
      assert.match(printed, /no errors were found/);
      await isRestored('restored/photos');
      await isRestored('restored-photos');
    });

    it('show a website to anybody', async () => {
      const end = `
        wait_for $(danube -X DELETE "$API/storage/access-keys/$(jq -r .id <<<"$SITE_KEY")" | jq -r .operation_id)
        wait_for $(danube -X DELETE "$API/storage/buckets/$SITE_ID?force=true" | jq -r .operation_id)`;
      const printed = await type(`${shell('Object storage', 'Host a static website')}\n${end}`);
      assert.match(printed, /<p>index\.html<\/p>succeeded\nsucceeded\n$/);
    });

    it('show what is there, and remove it', async () => {
      const headings = ['Object storage', 'Revoke a key', 'See how it is used', 'Delete a bucket'];
      const printed = await type(shell(...headings));
      assert.match(printed, /^succeeded$[\s\S]*^healthy$[\s\S]*^succeeded$/m);
      assert.doesNotMatch(printed, /^null$/m);
    });

    /** Fetches what the program imports. Returns why that is impossible here, or null. */
    async function prepareGo(): Promise<string | null> {
      for (const args of [
        ['mod', 'init', 'guide'],
        ['get', GO_MODULE],
      ]) {
        const { status, stderr } = await inFolder(['go', ...args]);
        if (status === 127) return 'go is not installed';
        if (status !== 0) return `go ${args[0]} failed: ${stderr.trim().split('\n').at(-1)}`;
      }
      return null;
    }
  });
}
