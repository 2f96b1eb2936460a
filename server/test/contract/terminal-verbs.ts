import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Terminal } from '../../src/dataplane/contract/terminal.ts';
import { waitFor } from '../harness.ts';
import { networkOf, type Subject, specOf, TEAMS } from './subjects.ts';
import { refuses } from './verbs.ts';

/** A terminal, and what it has told so far. */
interface Opened {
  terminal: Terminal;
  output(): string;
  /** Undefined: it has not ended. */
  status(): number | null | undefined;
  type(text: string): Promise<void>;
  sees(expected: RegExp): Promise<void>;
}

/** The contract of terminals, for every data plane. */
export function terminalVerbsContract(name: string, open: () => Promise<Subject>): void {
  describe(`data plane ${name}: terminals`, () => {
    let subject: Subject;
    const { ref, ...spec } = specOf('terminal', 51);
    before(async () => {
      subject = await open();
      await subject.clear();
      await subject.plane.ensureTenant({ teamId: TEAMS.one, network: networkOf(TEAMS.one) });
      await subject.plane.ensureImage('debian-12');
      await subject.plane.ensureInstance({ ref, ...spec });
    });
    after(async () => {
      await subject?.clear();
      await subject?.close();
    });

    async function openTerminal(): Promise<Opened> {
      const chunks: Buffer[] = [];
      let status: number | null | undefined;
      const terminal = await subject.plane.openTerminal(
        ref,
        { columns: 80, rows: 24 },
        {
          output: (chunk) => void chunks.push(chunk),
          ended: (value) => {
            assert.equal(status, undefined, 'it ends once');
            status = value;
          },
        },
      );
      const output = () => Buffer.concat(chunks).toString();
      const opened: Opened = {
        terminal,
        output,
        status: () => status,
        type: (text) => terminal.write(Buffer.from(text)),
        sees: async (expected) => {
          await waitFor(`the output to have ${expected}`, async () => expected.test(output()));
        },
      };
      await opened.sees(/# $/);
      return opened;
    }

    it('opens a shell with a terminal of this size, which changes', async () => {
      const { terminal, type, sees, status } = await openTerminal();
      await type('stty size\r');
      await sees(/[\r\n]24 80\r/);
      terminal.resize({ columns: 132, rows: 50 });
      await type('stty size\r');
      await sees(/[\r\n]50 132\r/);
      await type('exit 3\r');
      await waitFor('the shell to end', async () => status() !== undefined);
      assert.equal(status(), 3);
      // What is typed after the end is dropped.
      await type('stty size\r');
      terminal.close();
    });

    it('lets the guest wait while nobody reads, and loses nothing', async () => {
      const { terminal, type, output, sees } = await openTerminal();
      terminal.pause();
      await type('seq 300000\r');
      // A second shell shows that time goes on.
      const other = await openTerminal();
      await other.type('seq 30000\r');
      await other.sees(/\n30000\r/);
      assert.doesNotMatch(output(), /\n300000\r/);
      terminal.resume();
      await sees(/\n300000\r/);
      const numbers = output().match(/(?<=[\r\n])\d+(?=\r)/g)!;
      assert.deepEqual(
        numbers.map(Number).filter((number, index) => number !== index + 1),
        [],
      );
      terminal.close();
      other.terminal.close();
    });

    it('ends its shell when it is closed, and when the server stops', async () => {
      const closed = await openTerminal();
      closed.terminal.close();
      await waitFor('the closed shell to end', async () => closed.status() !== undefined);
      const open = await openTerminal();
      await subject.plane.ensureStopped(ref, 0);
      await waitFor('the shell to end with the server', async () => open.status() !== undefined);
      const events = { output: () => {}, ended: () => {} };
      await refuses(subject.plane.openTerminal(ref, { columns: 80, rows: 24 }, events), 'invalid');
      const missing = { teamId: TEAMS.one, name: 'vps-contract-missing' };
      await refuses(subject.plane.openTerminal(missing, { columns: 80, rows: 24 }, events), 'not_found');
    });
  });
}
