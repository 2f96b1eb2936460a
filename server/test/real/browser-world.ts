import { connect } from 'node:net';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import type { DataPlane } from '../../src/dataplane/contract/data-plane.ts';
import { createLog } from '../../src/lib/log.ts';
import { type Console, openConsole, watch } from '../dashboard-browser.ts';
import { freePort, waitFor } from '../harness.ts';
import { createTestIncus } from '../incus.ts';
import { type Line, openLine } from '../line.ts';
import { type MailSink, startMailSink } from '../mail-sink.ts';
import { slice } from '../slice.ts';

/** Somebody's browser, with one page open. */
export interface Window {
  context: BrowserContext;
  page: Page;
  /** Errors of the page, and what its policy has kept from it. */
  problems: string[];
}

/** A new install on the Incus of the test run, with mail, behind a network that can be cut. */
export class BrowserWorld {
  console!: Console;
  plane!: DataPlane;
  line!: Line;
  mail!: MailSink;

  async open(): Promise<void> {
    this.plane = createTestIncus(createLog('silent'));
    // Somebody who signs in must not wait until it is built, for which there is another test.
    await this.plane.ensureImage('debian-12');
    const port = await freePort();
    this.line = await openLine(port);
    this.mail = await startMailSink();
    this.console = await openConsole({
      // The server is restarted, and goes on with it.
      plane: { ...this.plane, close: async () => {} },
      pools: slice.pools,
      firstTeam: slice.firstTeam,
      settings: {
        DANUBE_LISTEN: `127.0.0.1:${port}`,
        // Browsers make no passkeys for an IP address.
        DANUBE_PUBLIC_URL: `http://localhost:${this.line.port}`,
        ...this.mail.settings,
      },
    });
  }

  async close(): Promise<void> {
    await this.console?.close();
    for (const { ref } of await this.plane.listInstances()) await this.plane.removeInstance(ref);
    await this.plane.removeTenant(slice.firstTeam);
    await this.plane.close();
    await this.line?.close();
    await this.mail?.close();
  }

  /** Another browser: it shares nothing with those that are open. */
  async window(): Promise<Window> {
    const context = await this.console.browser.newContext({ baseURL: this.console.test.app.url! });
    const page = await context.newPage();
    return { context, page, problems: watch(page) };
  }

  /** The link in the last letter to an address. */
  async linkTo(address: string): Promise<string> {
    const letter = await waitFor('the letter', async () =>
      this.mail.received.findLast(({ to }) => to.includes(address)),
    );
    return /http:\/\/localhost:\d+\/\S+#\S+/.exec(letter.text)![0];
  }
}

/** Gives an address and a password to the page that asks for them. */
export async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

export async function signOut(page: Page): Promise<void> {
  const out = page.getByRole('heading', { name: 'Sign in' });
  await waitFor('the end of the session', async () => {
    if (await out.isVisible()) return true;
    // A menu closes before the button is released where a dialog that fades out takes the focus back at that moment.
    const item = page.getByRole('menuitem', { name: 'Sign out' });
    if (!(await item.isVisible())) await page.getByRole('button', { name: /^Account/ }).click();
    await item.click();
    return out.waitFor({ timeout: 15_000 }).then(
      () => true,
      () => false,
    );
  });
}

/** What stands at the top of a page that has lost the server. */
export const lost = (page: Page): Locator => page.getByText(/^The connection is lost/);

/** Marks the document of the page. The returned function tells whether it is still the same one. */
export async function markDocument(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate('globalThis.isMarked = true');
  return () => page.evaluate(`'isMarked' in globalThis`);
}

/** Whether the server at an address lets somebody get as far as SSH's first words. */
export function answersSsh(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: 22, timeout: 3000 });
    const end = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('data', (data) => end(data.toString().startsWith('SSH-')));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
    socket.once('close', () => resolve(false));
  });
}
