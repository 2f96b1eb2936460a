import { findIncusd } from '../../src/host/components/incus-daemon.ts';
import { waitFor } from '../harness.ts';
import { fromTestRun } from '../incus.ts';

/** Kills the Incus daemon of the test run, and waits until its supervisor has started another one. */
export async function killIncus(): Promise<void> {
  const home = fromTestRun('DANUBE_HOME');
  const { pid } = findIncusd(home)!;
  process.kill(pid, 'SIGKILL');
  await waitFor('another daemon', async () => {
    const found = findIncusd(home);
    return found !== null && found.pid !== pid;
  });
}
