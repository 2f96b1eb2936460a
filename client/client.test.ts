import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { clientTypes } from './generate.ts';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '..');

const OPTIONS = {
  compilerOptions: {
    target: 'esnext',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: [],
    lib: ['esnext', 'dom'],
  },
  include: ['*.ts'],
};

/** Creates a VPS and reads what came back, all of it typed by the generated client. */
const PROGRAM = `
import { createClient } from './client.ts';

const danube = createClient({ url: 'https://cloud.example.org', token: '1|secret', teamId: 1 });
const key = await danube.POST('/ssh-keys', { body: { name: 'laptop', public_key: 'ssh-ed25519 AAAA' } });
if (key.error) throw new Error(key.error.message);
const created = await danube.POST('/vps', {
  params: { header: { 'Idempotency-Key': 'web-1' } },
  body: {
    name: 'web-1',
    image: 'debian-12',
    datacenter: 'fsn1',
    resource_profile: 'nano_shared',
    auth_method: 'ssh_key',
    ssh_key_id: key.data.key.id,
  },
});
if (created.error) throw new Error(created.error.code);
const address: string | null = created.data.instance.public_ip;
const list = await danube.GET('/vps', { params: { query: { per_page: 50 } } });
const names: string[] = (list.data?.data ?? []).map((vps) => vps.name);
export { address, names };
`;

const MISTAKE = `
import { createClient } from './client.ts';
await createClient({ url: '', token: '' }).POST('/vps', { body: { name: 12 } });
`;

describe('the generated client', () => {
  let folder = '';
  before(async () => {
    // Inside the package, so that its dependencies resolve.
    const cache = path.join(import.meta.dirname, '.cache');
    await mkdir(cache, { recursive: true });
    folder = await mkdtemp(path.join(cache, 'client-'));
    const document = await readFile(path.join(ROOT, 'openapi/v1.json'), 'utf8');
    await writeFile(path.join(folder, 'schema.gen.ts'), await clientTypes(document));
    await cp(path.join(import.meta.dirname, 'src/client.ts'), path.join(folder, 'client.ts'));
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(OPTIONS));
    await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function check(program: string): Promise<string> {
    await writeFile(path.join(folder, 'program.ts'), program);
    const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
    const result = await run(process.execPath, [tsc, '-p', folder]).catch((error) => error);
    return result.stdout;
  }

  it('types a program that creates a VPS', async () => {
    assert.equal(await check(PROGRAM), '');
  });

  it('refuses a program that creates one wrongly', async () => {
    assert.match(await check(MISTAKE), /program\.ts.*error TS/);
  });
});
