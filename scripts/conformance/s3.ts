/**
 * `npm run conformance:s3 [-- FOLDER [TEST …]]`: Ceph's tests of S3 against an object store as customers reach it, with keys
 * of the API. FOLDER is a checkout of the suite; without one, it is fetched from {@link SUITE}. Names of tests narrow it to those.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readConfig } from '../../server/src/config.ts';
import { packagesFor } from '../../server/src/host/components.ts';
import { run } from '../../server/src/lib/run.ts';
import { ownerOf } from '../../server/src/object-store/rgw/names.ts';
import { fromTestRun } from '../../server/test/incus.ts';
import { makeAccessKey } from '../../server/test/object-storage.ts';
import { StoreWorld } from '../../server/test/real/object-store.ts';
import { type Keys, StoreCustomers } from '../../server/test/real/object-store-customers.ts';
import {
  installTestPackages,
  prepareTestInstall,
  removeTestInstall,
  startTestIncus,
  startTestPostgres,
  takeTestImages,
  terminal,
} from '../test-install.ts';
import { packagesOf } from './client-kinds.ts';
import { EXPECTED } from './s3-expected.ts';

const SUITE = 'https://github.com/ceph/s3-tests';
/** Of the branch for Ceph 18, `ceph-reef`. */
const COMMIT = '1fb622547bb4671e26d27e32b4cc68c8c07985e7';
const FILES = ['s3tests_boto3/functional/test_s3.py', 's3tests_boto3/functional/test_headers.py'];
/** What Ceph itself fails, and what needs a gateway whose days take seconds, a cloud behind it, or a service for keys of customers. */
const LEFT_OUT =
  'fails_on_rgw or lifecycle_expiration or lifecycle_transition or cloud_transition or fails_with_subdomain';
/** As the suite needs them: later ones of botocore have no signatures of version 2, which old clients use. */
const PYTHON = [
  ...['boto3==1.24.96', 'botocore==1.27.96', 'munch==4.0.0', 'isodate==0.7.2', 'requests==2.34.2'],
  ...['pytz==2026.6', 'httplib2==0.32.1', 'PyYAML==6.0.4', 'pytest==9.2.0', 'pytest-timeout==2.4.0'],
];
/** GiB of the store: what tests delete takes room for minutes more. */
const SIZE_GB = 10;
/** Seconds of one test. */
const TIMEOUT = 300;

const [given, ...names] = process.argv.slice(2);
const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-conformance-'));
let ok = false;
await prepareTestInstall('incus');
try {
  const tools = packagesOf({ python3: 'python3-venv', git: 'git' });
  await installTestPackages([...tools, ...packagesFor(readConfig({ DANUBE_ENGINE: 'incus' }))]);
  const suite = given ? path.resolve(given) : await terminal.step(`Fetching ${SUITE}`, fetchSuite);
  await terminal.step('Installing what the suite needs from PyPI', installPython);
  await takeTestImages();
  await startTestPostgres({ durable: false });
  await startTestIncus();
  ok = await withStore((customers) => test(customers, suite));
} finally {
  await removeTestInstall();
  await rm(folder, { recursive: true, force: true });
}
process.exit(ok ? 0 : 1);

async function fetchSuite(): Promise<string> {
  const target = path.join(folder, 'suite');
  const options = { timeoutSeconds: 600 };
  await run('git', ['clone', '--quiet', '--branch', 'ceph-reef', SUITE, target], options);
  await run('git', ['-C', target, 'checkout', '--quiet', COMMIT], options);
  return target;
}

async function installPython(): Promise<void> {
  await run('python3', ['-m', 'venv', path.join(folder, 'venv')], { timeoutSeconds: 120 });
  const pip = ['install', '--quiet', '--disable-pip-version-check', ...PYTHON];
  await run(path.join(folder, 'venv/bin/pip'), pip, { timeoutSeconds: 600 });
}

async function withStore<T>(use: (customers: StoreCustomers) => Promise<T>): Promise<T> {
  const world = new StoreWorld(SIZE_GB);
  const customers = new StoreCustomers(world);
  try {
    await terminal.step('Making the object store', () => world.open());
    await customers.open();
    return await use(customers);
  } finally {
    await customers.close();
    await world.close();
  }
}

/** Runs the suite. Returns whether exactly those tests failed of which that is expected. */
async function test(customers: StoreCustomers, suite: string): Promise<boolean> {
  const settings = path.join(folder, 's3tests.conf');
  await writeFile(settings, await settingsOf(customers));
  const ca = path.join(folder, 'ca.pem');
  await writeFile(ca, customers.world.authority.certificate);
  const outcomes = new Map<string, string>();
  const onLine = (line: string) => {
    const [, name, outcome] = /::(\w+)\S* (PASSED|FAILED|ERROR|SKIPPED)/.exec(line) ?? [];
    // An error follows where what a test leaves cannot be removed.
    if (name && outcome && outcomes.get(name) !== 'FAILED') outcomes.set(name, outcome);
    process.stdout.write(`${line}\n`);
  };
  const chosen = names.length > 0 ? ['-k', names.join(' or ')] : ['-m', `not (${LEFT_OUT})`, '-k', 'not kms'];
  const args = [
    '-m',
    'pytest',
    '-v',
    '--tb=short',
    '-W',
    'ignore',
    `--timeout=${TIMEOUT}`,
    ...chosen,
    ...FILES,
  ];
  await run(path.join(folder, 'venv/bin/python'), args, {
    ...{ cwd: suite, allow: 'any', onLine, timeoutSeconds: 7200 },
    env: { ...process.env, S3TEST_CONF: settings, REQUESTS_CA_BUNDLE: ca, PYTHONDONTWRITEBYTECODE: '1' },
  });
  return report(outcomes);
}

function report(outcomes: ReadonlyMap<string, string>): boolean {
  const having = (...wanted: string[]) =>
    [...outcomes].filter(([, outcome]) => wanted.includes(outcome)).map(([name]) => name);
  const failed = having('FAILED', 'ERROR');
  const unexpected = failed.filter((name) => !(name in EXPECTED));
  const mended = having('PASSED').filter((name) => name in EXPECTED);
  terminal.line(
    `\n${having('PASSED').length} passed, ${failed.length} failed, ${having('SKIPPED').length} skipped of ${outcomes.size}.`,
  );
  for (const name of unexpected) terminal.line(`✖ ${name} failed.`);
  for (const name of mended) terminal.line(`✖ ${name} passes now: take it out of s3-expected.ts.`);
  if (outcomes.size === 0) terminal.line('✖ No test ran.');
  return outcomes.size > 0 && unexpected.length + mended.length === 0;
}

/** The suite's file of settings: two teams, and another key of the first where the suite has a tenant of Ceph. */
async function settingsOf({ world, call, others, test, team }: StoreCustomers): Promise<string> {
  const { database } = test;
  await database.pool.query(`update teams set quotas = '{"bucket": 1000}'`);
  const { rows } = await database.pool.query<{ id: number }>('select max(id)::integer as id from teams');
  const [one, two] = [team.teamId, rows[0]!.id];
  const section = (name: string, teamId: number, keys: Keys, more: string[] = []) => [
    ...[
      `[${name}]`,
      `display_name = t${teamId}-`,
      `user_id = ${ownerOf(fromTestRun('DANUBE_TEST_INSTALL_ID'), teamId)}`,
    ],
    ...['email =', `access_key = ${keys.accessKeyId}`, `secret_key = ${keys.secretAccessKey}`, ...more],
  ];
  const key = async (from: typeof call) => (await makeAccessKey(from, { scope: 'team' })).credentials;
  const [main, alt, tenant] = [await key(call), await key(others), await key(call)];
  return [
    // The certificate is for `localhost`, too.
    ...['[DEFAULT]', 'host = localhost', `port = ${world.port}`, 'is_secure = True', 'ssl_verify = False'],
    // Of no team, because both make buckets with it.
    ...[
      '[fixtures]',
      'bucket prefix = s3tests-{random}-',
      'iam name prefix = s3-tests-',
      'iam path prefix = /s3-tests/',
    ],
    ...section('s3 main', one, main, [`api_name = ${world.store.access.region}`]),
    ...section('s3 alt', two, alt),
    ...section('s3 tenant', one, tenant, ['tenant =']),
    // Keys of users have no rights in the API for users.
    ...section('iam', one, main),
    ...section('iam root', one, main),
    ...section('iam alt root', two, alt),
    '',
  ].join('\n');
}
