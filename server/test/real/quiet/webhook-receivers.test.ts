import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../../../src/lib/run.ts';
import { newSecret, sign } from '../../../src/resources/webhooks/signature.ts';

const PAGE = path.join(import.meta.dirname, '../../../../docs/webhooks.md');

/** How to call the function of the page in a language: what follows it in a file, and what runs that. */
const LANGUAGES: Record<string, { file: string; call: string; command: string }> = {
  js: {
    file: 'verify.mjs',
    call: `import { readFileSync } from 'node:fs';
const [, , secret, id, timestamp, signature] = process.argv;
const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
process.exit(isGenuine(secret, headers, readFileSync(0, 'utf8')) ? 0 : 9);`,
    command: process.execPath,
  },
  python: {
    file: 'verify.py',
    call: `import sys
names = ["webhook-id", "webhook-timestamp", "webhook-signature"]
sys.exit(0 if is_genuine(sys.argv[1], dict(zip(names, sys.argv[2:])), sys.stdin.buffer.read()) else 9)`,
    command: 'python3',
  },
  php: {
    file: 'verify.php',
    call: `$names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
exit(is_genuine($argv[1], array_combine($names, array_slice($argv, 2)), file_get_contents('php://stdin')) ? 0 : 9);`,
    command: 'php',
  },
  bash: { file: 'verify.sh', call: 'is_genuine "$@" || exit 9', command: 'bash' },
};

describe('verifying webhooks as docs/webhooks.md says', { concurrency: true }, () => {
  let folder: string;
  let page: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-webhooks-'));
    page = await readFile(PAGE, 'utf8');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [language, { file, call, command }] of Object.entries(LANGUAGES)) {
    it(`works in ${language}`, async () => {
      const code = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1];
      assert.ok(code, 'The page has a program in that language.');
      const program = path.join(folder, file);
      await writeFile(program, `${code}\n${call}\n`);
      const now = Math.floor(Date.now() / 1000);
      const body = JSON.stringify({ type: 'vps.created', data: { name: 'Überall\\n', 'a b': "it's" } });
      const [secret, other] = [newSecret(), newSecret()];

      /** Whether the program takes a message that was signed with these secrets. */
      async function accepts(secrets: string[], { timestamp = now, received = body } = {}): Promise<boolean> {
        const signature = sign({ id: 'evt_1', timestamp, body }, secrets);
        const args = [program, secret, 'evt_1', String(timestamp), signature];
        const { status } = await run(command, args, { input: received, allow: [9] });
        return status === 0;
      }

      assert.equal(await accepts([secret]), true);
      assert.equal(await accepts([other, secret]), true);
      assert.equal(await accepts([other]), false);
      assert.equal(await accepts([secret], { received: `${body} ` }), false);
      assert.equal(await accepts([secret], { timestamp: now - 600 }), false);
      assert.equal(await accepts([secret], { timestamp: now + 600 }), false);
    });
  }
});
