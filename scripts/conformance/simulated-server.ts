import { startTestApp, type TestApp } from '../../server/test/harness.ts';
import { prepareTestInstall, removeTestInstall, startTestPostgres } from '../test-install.ts';

/**
 * Runs `use` with a server on simulated instances. Its install is that of the tests, which cannot run meanwhile, and is
 * removed at the end.
 */
export async function withSimulatedServer(use: (server: TestApp) => Promise<void>): Promise<void> {
  await prepareTestInstall('sim');
  try {
    await startTestPostgres({ durable: false });
    const server = await startTestApp();
    try {
      await use(server);
    } finally {
      await server.close();
    }
  } finally {
    await removeTestInstall();
  }
}
