import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { runCurl } from '../../../server/test/curl-calls.ts';
import { curlOf } from './curl.ts';
import { terraformOf } from './terraform.ts';
import { typescriptOf } from './typescript.ts';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '../../..');
const TARGET = { url: 'https://cloud.example.org', team: 3 };

/** Text that ends strings, runs commands or fills in templates, where it is not written with care. */
const HOSTILE = `it's "quoted" \\" \\' \\\\ $(id) \`id\` \${path.module} %{if true} \n\t\u2028\b end`;

const PLAIN = {
  path: '/vps',
  parameters: {},
  body: {
    name: 'web-1',
    image: 'debian-12',
    datacenter: 'fsn1',
    resource_profile: 'small_shared',
    auth_method: 'password',
    password: HOSTILE,
    password_confirmation: HOSTILE,
    custom_cloud_init: HOSTILE,
  },
};
const WITH_KEY = {
  path: '/vps',
  parameters: {},
  body: {
    name: '1 web',
    image: 'debian-12',
    datacenter: 'fsn1',
    resource_profile: 'small_shared',
    auth_method: 'ssh_key',
  },
  first: {
    creation: {
      path: '/ssh-keys',
      parameters: {},
      body: { name: 'ada@laptop', public_key: 'ssh-ed25519 AAAA' },
    },
    member: 'ssh_key_id',
    at: ['key', 'id'],
  },
};
const CLONE = {
  path: '/snapshots/database/{databaseSnapshot}/clone',
  parameters: { databaseSnapshot: 4 },
  body: { name: 'copy' },
};

describe('a request as code', () => {
  it('sends by curl what the form sends, whatever is in it', async () => {
    assert.deepEqual(await callsOf(curlOf(PLAIN, TARGET)), [
      ['https://cloud.example.org/api/v1/vps', 'X-Team-Id: 3', PLAIN.body],
    ]);
    assert.deepEqual(await callsOf(curlOf(WITH_KEY, TARGET)), [
      ['https://cloud.example.org/api/v1/ssh-keys', 'X-Team-Id: 3', WITH_KEY.first.creation.body],
      ['https://cloud.example.org/api/v1/vps', 'X-Team-Id: 3', { ...WITH_KEY.body, ssh_key_id: 7 }],
    ]);
    assert.deepEqual(await callsOf(curlOf(CLONE, TARGET)), [
      ['https://cloud.example.org/api/v1/snapshots/database/4/clone', 'X-Team-Id: 3', CLONE.body],
    ]);
  });

  it('is a program for the client, whose types find nothing wrong with it, and with the same texts in it', async () => {
    const programs = [PLAIN, WITH_KEY, CLONE].map((creation) => typescriptOf(creation, TARGET));
    assert.equal(await typeErrors(programs), '');
    const password = /password: ('[^\n]*'),\n/.exec(programs[0]!)![1]!;
    assert.equal(new Function(`return ${password}`)(), HOSTILE);
  });

  it('is a Terraform configuration with the names of the provider', () => {
    assert.equal(terraformOf(WITH_KEY, TARGET), CONFIGURATION);
    const plain = terraformOf(PLAIN, TARGET)!;
    assert.doesNotMatch(plain, /password_confirmation/);
    assert.match(plain, /\$\(id\) `id` \$\$\{path\.module\} %%\{if true\} \\n\\t[^\n]\\u0008 end"\n/);
    const database = { name: 'shop', provider: 'postgresql', version: '17' };
    const engine = terraformOf({ path: '/database', parameters: {}, body: database }, TARGET);
    assert.match(
      engine!,
      /resource "danubedata_database" "shop" \{\n {2}name {4}= "shop"\n {2}engine {2}= "postgresql"/,
    );
  });

  it('is none for Terraform where the provider cannot say the same', () => {
    const limited = {
      name: 'app',
      scope: 'buckets',
      bucket_permissions: [{ bucket_id: '1', level: 'read' }],
    };
    assert.equal(terraformOf({ path: '/storage/access-keys', parameters: {}, body: limited }, TARGET), null);
    assert.equal(terraformOf(CLONE, TARGET), null);
  });
});

const CONFIGURATION = `terraform {
  required_providers {
    danubedata = {
      source = "AdrianSilaghi/danubedata"
    }
  }
}

provider "danubedata" {
  base_url = "https://cloud.example.org/api/v1"
}

resource "danubedata_ssh_key" "ada_laptop" {
  name       = "ada@laptop"
  public_key = "ssh-ed25519 AAAA"
}

resource "danubedata_vps" "web" {
  name             = "1 web"
  image            = "debian-12"
  datacenter       = "fsn1"
  resource_profile = "small_shared"
  auth_method      = "ssh_key"
  ssh_key_id       = danubedata_ssh_key.ada_laptop.id
}
`;

/** The address, the team and the body of each request that the commands send. */
async function callsOf(code: string): Promise<[url: string, team: string | undefined, body: unknown][]> {
  const calls = await runCurl(code, '7');
  return calls.map(({ method, url, headers, body }) => {
    assert.equal(method, 'POST');
    assert.ok(headers.includes('Authorization: Bearer 1|secret'));
    assert.ok(headers.includes('Content-Type: application/json'));
    return [url, headers.find((header) => header.startsWith('X-Team-Id')), body];
  });
}

/** What the compiler says about programs that use the client. */
async function typeErrors(programs: readonly string[]): Promise<string> {
  const cache = path.join(ROOT, 'dashboard/.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(path.join(cache, 'code-'));
  const compilerOptions = {
    target: 'esnext',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: [],
    lib: ['esnext', 'dom'],
  };
  try {
    await writeFile(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['*.ts'] }),
    );
    await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
    const env = 'declare const process: { env: Record<string, string | undefined> };';
    await writeFile(path.join(folder, 'process.d.ts'), env);
    await Promise.all(programs.map((code, at) => writeFile(path.join(folder, `program-${at}.ts`), code)));
    const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
    const result = await run(process.execPath, [tsc, '-p', folder]).catch((error) => error);
    return result.stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
