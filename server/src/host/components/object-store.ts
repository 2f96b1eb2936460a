import { connect } from 'node:tls';
import { projectName } from '../../dataplane/incus/names.ts';
import type { HostComponent, HostContext } from '../component.ts';
import { fail, ok, RESTART, type Verdict, warn } from '../verdict.ts';
import { incusConnection, usesLocalIncus, withIncus } from './incus-connection.ts';
import { storagePool } from './storage-pool.ts';

/** The instance of the object store, in the project of the platform itself; see `object-store/rgw/place.ts`. */
const INSTANCE = '/1.0/instances/platform-object-store';
const PLATFORM_TEAM = 0;
const PATIENCE = 5_000;

/**
 * The object store, which runs in an instance. It is made at its first use, and the server looks after it
 * (`object-store/rgw/serving.ts`), so there is nothing to start here. It goes with all other instances.
 */
export const objectStore: HostComponent = {
  name: 'Object storage',
  after: [storagePool],
  appliesTo: (config) => usesLocalIncus(config) && config.s3.other === null,
  create: () => null,
  checks: [{ name: 'object storage', elsewhere: true, look: (context) => check(context) }],
  async contents(context) {
    return (await statusOf(context)) === null ? [] : ['the object storage with all buckets'];
  },
};

async function check(context: HostContext): Promise<Verdict | null> {
  const { s3 } = context.config;
  if (s3.other) return checkOther(s3.other.endpoint);
  const status = await statusOf(context);
  if (status === null) return null;
  if (status !== 'Running') return fail(`its instance is ${status.toLowerCase()}`, RESTART);
  return (await answersTls(s3.port))
    ? ok(`serves on port ${s3.port}`)
    : warn(`nobody answers on port ${s3.port}`, 'Start Danube, or see its log if it runs.');
}

async function checkOther(endpoint: string): Promise<Verdict> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(PATIENCE) });
    return ok(`${endpoint} answers`);
  } catch (error) {
    const { cause } = error as Error;
    return fail(
      `${endpoint} does not answer: ${cause ?? error}`,
      'Check S3_ENDPOINT, and that it can be reached.',
    );
  }
}

/** Status of the instance; null where there is none, or where Incus does not tell, which is a check of its own. */
async function statusOf({ config, installId, incus: whose }: HostContext): Promise<string | null> {
  if (whose === 'none') return null;
  const connection = await incusConnection(config, { incus: whose });
  if (!connection) return null;
  const query = { project: projectName(installId, PLATFORM_TEAM) };
  const found = await withIncus(connection, (client) =>
    client.find<{ status: string }>(INSTANCE, { query }),
  ).catch(() => null);
  return found?.status ?? null;
}

/** Whose certificate it is does not matter here. */
function answersTls(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, timeout: PATIENCE });
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('secureConnect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
