import { after, before } from 'node:test';
import type { TSchema } from 'typebox';
import type { EventType } from '../src/events/catalogue.ts';
import { readLatest, record } from '../src/events/store.ts';
import { createSecretBox } from '../src/lib/crypto.ts';
import { uuidv7 } from '../src/lib/ids.ts';
import { createMailer, type Mailer } from '../src/mail/mailer.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import {
  createTeam,
  joinTeam,
  startTestApp,
  type TestApp,
  type TestTeam,
  testConfig,
  waitFor,
} from './harness.ts';
import { type MailSink, type ReceivedMail, startMailSink } from './mail-sink.ts';

const KEY = Buffer.alloc(32, 9);

/** Payload of a failure. */
export const FAILURE = {
  operation: 'start',
  error: { code: 'internal', message: 'It broke.', retryable: false },
};

/** A member of a team, with a client. */
export interface NotifiedMember extends TestTeam {
  email: string;
  call: ApiClient;
}

/** A server that mails to a sink, and writes events when a test says so. */
export class NotificationWorld {
  test!: TestApp;
  sink!: MailSink;

  async open(): Promise<void> {
    this.sink = await startMailSink();
    this.test = await startTestApp({
      config: testConfig(this.sink.settings),
      secretKey: KEY,
      still: ['notification-digests'],
    });
  }

  async close(): Promise<void> {
    await this.test?.close();
    await this.sink?.close();
  }

  /** A mailer like that of the server. */
  mailer(): Mailer {
    return createMailer(testConfig(this.sink.settings).mail, createSecretBox(KEY));
  }

  /** Somebody with a team, or in that team. */
  async newMember(team?: TestTeam): Promise<NotifiedMember> {
    const { database } = this.test;
    const own = await createTeam(database);
    const member = team ? { ...own, teamId: team.teamId } : own;
    const token = team ? await joinTeam(database, own.accountId, team.teamId) : own.token;
    const { email } = await database.db
      .selectFrom('users')
      .select('email')
      .where('id', '=', own.accountId)
      .executeTakeFirstOrThrow();
    const call: ApiClient = (method, path, options = {}) =>
      createApiClient(this.test.app.http, token)(method, path, options);
    return { ...member, email, call };
  }

  /** Writes an event about a server. */
  write<P extends TSchema>(
    teamId: number,
    type: EventType<P>,
    payload: object,
    resourceId = uuidv7(),
  ): Promise<void> {
    return this.test.database.transaction((tx) =>
      record(tx, type, { teamId, resourceType: 'vps', resourceId }, payload as never),
    );
  }

  /** Waits until everything that has happened was told. */
  async told(): Promise<void> {
    const latest = await readLatest(this.test.database);
    await waitFor('all events to be told', async () => {
      const { position } = await this.test.database.db
        .selectFrom('notification_progress')
        .select('position')
        .executeTakeFirstOrThrow();
      return position >= latest;
    });
  }

  mailsTo(email: string): ReceivedMail[] {
    return this.sink.received.filter(({ to }) => to.includes(email));
  }

  mailSent(email: string, count: number): Promise<ReceivedMail[]> {
    return waitFor(`${count} mails to ${email}`, async () => {
      const mails = this.mailsTo(email);
      return mails.length >= count && mails;
    });
  }
}

/** Starts one server for all tests of a suite. */
export function suiteWithNotifications(): NotificationWorld {
  const world = new NotificationWorld();
  before(() => world.open());
  after(() => world.close());
  return world;
}
