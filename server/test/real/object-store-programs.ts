import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { cp, glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type RunResult, run } from '../../src/lib/run.ts';
import { makeBucket } from '../object-storage.ts';
import { codeOf, type Keys, type StoreCustomers } from './object-store-customers.ts';
import { NAMES } from './object-store-sdk.ts';

/** Bytes: more than any of the programs sends as one part. */
const LARGE = 20 * 1024 ** 2;
const SECONDS = 300;

/** How a program does what each of them can. `remote` is the bucket, with a folder or an object in it. */
interface Program {
  sync(from: string, to: string): string[];
  /** Where it is in the words of the program. */
  at(bucket: string, key: string): string;
  copy(from: string, to: string): string[];
  /** Prints the names in a folder of the bucket, among others. */
  list(remote: string): string[];
  remove(remote: string): string[];
  /** Prints an address with which anybody can read the object. */
  presign(remote: string): string[];
}

const PROGRAMS: Record<string, Program> = {
  aws: {
    at: (bucket, key) => `s3://${bucket}/${key}`,
    sync: (from, to) => ['s3', 'sync', '--no-progress', '--delete', from, to],
    copy: (from, to) => ['s3', 'cp', '--no-progress', from, to],
    list: (remote) => ['s3', 'ls', '--recursive', remote],
    remove: (remote) => ['s3', 'rm', '--recursive', remote],
    presign: (remote) => ['s3', 'presign', remote],
  },
  rclone: {
    at: (bucket, key) => `danube:${bucket}/${key}`,
    sync: (from, to) => ['sync', '--verbose', from, to],
    copy: (from, to) => ['copyto', from, to],
    list: (remote) => ['lsf', '--recursive', remote],
    remove: (remote) => ['delete', remote],
    presign: (remote) => ['link', '--expire', '1h', remote],
  },
  s3cmd: {
    at: (bucket, key) => `s3://${bucket}/${key}`,
    sync: (from, to) => ['sync', '--no-progress', '--delete-removed', from, to],
    copy: (from, to) =>
      from.startsWith('s3:') ? ['get', '--no-progress', from, to] : ['put', '--no-progress', from, to],
    list: (remote) => ['ls', '--recursive', remote],
    remove: (remote) => ['del', '--recursive', '--force', remote],
    presign: (remote) => ['signurl', remote, '+3600'],
  },
};

/** The programs of Debian that speak S3, with the certificate of the authority in a file, as docs/object-storage.md says. */
export function testPrograms(customers: StoreCustomers): void {
  describe('with programs of Debian', { concurrency: 1 }, () => {
    let folder: string;
    let env: NodeJS.ProcessEnv;
    before(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'danube-s3-'));
      env = await environment(customers, await customers.key({ scope: 'team' }), folder);
      await makeTree(path.join(folder, 'tree'));
    });
    after(() => rm(folder, { recursive: true, force: true }));

    for (const [name, program] of Object.entries(PROGRAMS)) {
      describe(name, { concurrency: 1 }, () => {
        let bucket: string;
        before(async () => {
          ({ minio_bucket_name: bucket } = await makeBucket(customers.call, name));
        });
        const type = (args: string[]): Promise<RunResult> =>
          run(name, args, { env, cwd: folder, timeoutSeconds: SECONDS });

        it('takes a tree there and back, and then only what has changed', async () => {
          const [tree, back] = [`tree-${name}`, `back-${name}`];
          await cp(path.join(folder, 'tree'), path.join(folder, tree), { recursive: true });
          await mkdir(path.join(folder, back));
          const remote = program.at(bucket, 'tree/');
          await type(program.sync(`${tree}/`, remote));
          await type(program.sync(remote, `${back}/`));
          assert.deepEqual(await hashesOf(path.join(folder, back)), await hashesOf(path.join(folder, tree)));

          await rm(path.join(folder, tree, 'empty'));
          const { stdout, stderr } = await type(program.sync(`${tree}/`, remote));
          assert.doesNotMatch(stdout + stderr, /upload: |Copied \(/);
          const listed = (await type(program.list(remote))).stdout;
          const left = Object.keys(await hashesOf(path.join(folder, tree)));
          for (const file of left) assert.ok(listed.includes(file), `${file} in ${listed}`);
          assert.doesNotMatch(listed, /empty/);
        });

        it('sends and gets a large file in parts, shares it, and deletes it', async () => {
          const remote = program.at(bucket, 'a large + file');
          const bytes = randomBytes(LARGE);
          await writeFile(path.join(folder, 'large'), bytes);
          await type(program.copy('large', remote));
          await type(program.copy(remote, `large-${name}`));
          assert.ok(bytes.equals(await readFile(path.join(folder, `large-${name}`))));
          const url = (await type(program.presign(remote))).stdout.trim();
          const { pathname, search } = new URL(url);
          const shared = await customers.send({
            path: `${pathname}${search}`,
            headers: { range: 'bytes=0-0' },
          });
          assert.equal(shared.status, 206, `${url}: ${shared.body}`);
          await type(program.remove(program.at(bucket, '')));
          const gone = await customers.send({ path: `${pathname}${search}` });
          assert.equal(codeOf(gone), 'NoSuchKey');
        });
      });
    }
  });
}

/** What the programs read: their settings in the environment and in files, and nothing of this machine. */
export async function environment(
  { world }: StoreCustomers,
  { accessKeyId, secretAccessKey }: Keys,
  home: string,
): Promise<NodeJS.ProcessEnv> {
  const { url, region } = world.store.access;
  const { host } = new URL(url!);
  const ca = path.join(home, 'ca.pem');
  await writeFile(ca, world.authority.certificate);
  const lines = [
    '[default]',
    ...[`access_key = ${accessKeyId}`, `secret_key = ${secretAccessKey}`],
    ...[`host_base = ${host}`, `host_bucket = ${host}`, `bucket_location = ${region}`],
    ...[`ca_certs_file = ${ca}`, 'use_https = True', 'signurl_use_https = True'],
  ];
  await writeFile(path.join(home, '.s3cfg'), lines.join('\n'));
  // Older versions of `aws` have no variable for the endpoint.
  const aws = `exec /usr/bin/aws --endpoint-url ${url} "$@"`;
  // Those of rclone refuse to start with this variable.
  const rclone = 'unset AWS_CA_BUNDLE; exec /usr/bin/rclone "$@"';
  await mkdir(path.join(home, 'bin'));
  for (const [name, line] of Object.entries({ aws, rclone }))
    await writeFile(path.join(home, 'bin', name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  return {
    PATH: `${home}/bin:/usr/bin:/bin`,
    HOME: home,
    LANG: 'C.UTF-8',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_DEFAULT_REGION: region,
    AWS_CA_BUNDLE: ca,
    RCLONE_CA_CERT: ca,
    RCLONE_CONFIG_DANUBE_TYPE: 's3',
    RCLONE_CONFIG_DANUBE_PROVIDER: 'Ceph',
    RCLONE_CONFIG_DANUBE_ENV_AUTH: 'true',
    RCLONE_CONFIG_DANUBE_ENDPOINT: url!,
    RCLONE_CONFIG_DANUBE_REGION: region,
  };
}

/** Small files with names of all kinds, and an empty one. */
async function makeTree(folder: string): Promise<void> {
  const names = [...NAMES, ...Array.from({ length: 20 }, (_, index) => `many/${index}`), 'empty'];
  for (const name of names) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, name === 'empty' ? '' : randomBytes(5000));
  }
}

async function hashesOf(folder: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for await (const entry of glob('**/*', { cwd: folder, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    hashes[path.relative(folder, file)] = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  }
  return hashes;
}
