import { setTimeout as delay } from 'node:timers/promises';
import type { Images } from '../dataplane/contract/images.ts';
import type { Terminal } from '../host/terminal.ts';
import { DEFAULT_IMAGE } from '../images/catalog.ts';
import type { Log } from '../lib/log.ts';

/** How long Incus may take to answer after a start, in milliseconds. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 500;

/**
 * Makes the default image right after set-up, so that the first VPS does not have to wait for it. Never throws: each creation
 * tries again.
 */
export async function prepareImage(
  plane: Images,
  terminal: Terminal,
  log: Pick<Log, 'warn'>,
  firstStart: boolean,
): Promise<void> {
  try {
    await terminal.step(`Preparing the image ${DEFAULT_IMAGE}`, (report) =>
      onceReachable(() =>
        plane.ensureImage(DEFAULT_IMAGE, (message, percent) =>
          report(percent === undefined ? message : `${message} ${percent} %`),
        ),
      ),
    );
    if (firstStart)
      terminal.line(`  Ready: ${DEFAULT_IMAGE} can be started. See README.md for the first VPS.\n`);
  } catch (error) {
    log.warn({ err: error }, `The image ${DEFAULT_IMAGE} could not be prepared; the next create tries again`);
  }
}

/** Does it as soon as Incus answers, which at later starts comes up while the API already serves. */
async function onceReachable(work: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: string }).code !== 'unreachable' || Date.now() > deadline) throw error;
      await delay(PAUSE_MS);
    }
  }
}
