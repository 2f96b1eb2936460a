import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { sql } from 'kysely';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import { AppError, invalid, notFound } from '../../lib/errors.ts';
import { uuidv7 } from '../../lib/ids.ts';
import { recordProof } from '../sessions/store.ts';
import type { Ceremonies, Ceremony, CeremonyKind } from './ceremonies.ts';
import type { AddPasskey, UsePasskey } from './schema.ts';

/** The address of the pages that passkeys are made on. */
export interface Site {
  origin: string;
  /** Its host name: passkeys are bound to that. */
  host: string;
}

/** Of one account. */
const MAX_PASSKEYS = 20;
/** How long a browser lets somebody look for the device, in milliseconds. */
const TIMEOUT_MS = 300_000;

/** Loaded when it is first needed: it has 270 modules with those for certificates, which would take their time at each start. */
const webauthn = () => import('@simplewebauthn/server');

/** What both sides of a ceremony must agree on. */
interface Challenge {
  challenge: string;
}

/** Passkeys (WebAuthn). They always verify who holds the device, so one is as good as a password and a code. */
export class Passkeys {
  readonly #database: Database;
  readonly #secrets: SecretBox;
  readonly #ceremonies: Ceremonies;

  constructor(database: Database, secrets: SecretBox, ceremonies: Ceremonies) {
    this.#database = database;
    this.#secrets = secrets;
    this.#ceremonies = ceremonies;
  }

  list(accountId: number) {
    return this.#database.db
      .selectFrom('passkeys')
      .select(['id', 'name', 'created_at', 'last_used_at'])
      .where('user_id', '=', accountId)
      .orderBy('created_at')
      .orderBy('id')
      .execute();
  }

  /** What a browser needs to make a passkey. */
  async beginToAdd(
    tx: Tx,
    account: { id: number; email: string; name: string },
    sessionId: string,
    site: Site,
  ) {
    const present = await credentialsOf(tx, account.id);
    if (present.length >= MAX_PASSKEYS)
      throw invalid({ passkey: [`An account has ${MAX_PASSKEYS} passkeys at most. Delete one first.`] });
    const { generateRegistrationOptions } = await webauthn();
    const options = await generateRegistrationOptions({
      rpName: 'Danube',
      rpID: site.host,
      userName: account.email,
      userDisplayName: account.name,
      // Opaque, and the same for all passkeys of the account.
      userID: new Uint8Array(this.#handle(account.id)),
    });
    const ceremony = await this.#ceremonies.begin<Challenge>(tx, {
      kind: 'passkey-add',
      accountId: account.id,
      sessionId,
      data: { challenge: options.challenge },
    });
    return {
      ceremony,
      options: {
        challenge: options.challenge,
        rp: { id: site.host, name: options.rp.name },
        user: options.user,
        pubKeyCredParams: options.pubKeyCredParams.map(({ type, alg }) => ({ type, alg })),
        timeout: TIMEOUT_MS,
        excludeCredentials: present.map(describe),
        authenticatorSelection: {
          residentKey: 'required',
          requireResidentKey: true,
          userVerification: 'required',
        },
        attestation: 'none',
      },
    };
  }

  /** Adds what the browser has made. Throws `validation_failed` where it is not what was asked for. */
  async add(
    tx: Tx,
    { accountId, sessionId }: { accountId: number; sessionId: string },
    passkey: AddPasskey,
    site: Site,
  ) {
    const begun = await this.#ceremonies.attempt<Challenge>('passkey-add', passkey.ceremony, tx);
    if (begun.accountId !== accountId || begun.sessionId !== sessionId) throw notMade();
    const { verifyRegistrationResponse } = await webauthn();
    const made = await verifyRegistrationResponse({
      response: { ...passkey.credential, clientExtensionResults: {} } as RegistrationResponseJSON,
      expectedChallenge: begun.data.challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.host,
      requireUserVerification: true,
    }).catch((cause: unknown) => {
      throw notMade(cause);
    });
    if (!made.verified) throw notMade();
    await this.#ceremonies.end(tx, passkey.ceremony);
    const { credential } = made.registrationInfo;
    const row = await tx
      .insertInto('passkeys')
      .values({
        id: uuidv7(),
        user_id: accountId,
        credential_id: credential.id,
        public_key: Buffer.from(credential.publicKey),
        counter: credential.counter,
        transports: credential.transports ?? [],
        name: passkey.name,
      })
      .onConflict((conflict) => conflict.column('credential_id').doNothing())
      .returning(['id', 'name', 'created_at', 'last_used_at'])
      .executeTakeFirst();
    if (!row) throw notMade();
    return row;
  }

  /** Deletes one of an account. Throws `not_found`. */
  async delete(tx: Tx, accountId: number, id: string): Promise<string> {
    const row = await tx
      .deleteFrom('passkeys')
      .where('user_id', '=', accountId)
      .where('id', '=', id)
      .returning('name')
      .executeTakeFirst();
    if (!row) throw notFound('Passkey');
    return row.name;
  }

  /** What a browser needs to sign somebody in. The same for everybody, since the device knows which accounts it has. */
  beginToSignIn(site: Site) {
    return this.#beginToUse(this.#database.db, 'passkey-sign-in', site, {});
  }

  /** What a browser needs to confirm who sits there. */
  async beginToConfirm(tx: Tx, accountId: number, sessionId: string, site: Site) {
    const known = await credentialsOf(tx, accountId);
    return this.#beginToUse(tx, 'passkey-confirm', site, { accountId, sessionId, known });
  }

  /**
   * Whose passkey it is. `proceed` runs in the transaction that uses the ceremony up. Throws `sign_in_failed`.
   */
  async signIn<T>(
    used: UsePasskey,
    site: Site,
    proceed: (tx: Tx, accountId: number) => Promise<T>,
  ): Promise<T> {
    const begun = await this.#ceremonies.attempt<Challenge>('passkey-sign-in', used.ceremony);
    return this.#database.transaction(async (tx) => proceed(tx, await this.#use(tx, begun, used, site)));
  }

  /** Takes a passkey of somebody who is signed in, as a recent proof. Throws `sign_in_failed`. */
  async confirm(
    tx: Tx,
    { accountId, sessionId }: { accountId: number; sessionId: string },
    used: UsePasskey,
    site: Site,
  ): Promise<void> {
    const begun = await this.#ceremonies.attempt<Challenge>('passkey-confirm', used.ceremony, tx);
    const holder = await this.#use(tx, begun, used, site);
    if (holder !== accountId || begun.sessionId !== sessionId) throw refused();
    await recordProof(tx, sessionId);
  }

  async #beginToUse(
    db: Queryable,
    kind: CeremonyKind,
    site: Site,
    { known = [], ...ceremony }: { accountId?: number; sessionId?: string; known?: Known[] },
  ) {
    const { generateAuthenticationOptions } = await webauthn();
    const { challenge } = await generateAuthenticationOptions({ rpID: site.host });
    const begun = await this.#ceremonies.begin<Challenge>(db, { kind, ...ceremony, data: { challenge } });
    return {
      ceremony: begun,
      options: {
        challenge,
        rpId: site.host,
        timeout: TIMEOUT_MS,
        allowCredentials: known.map(describe),
        userVerification: 'required',
      },
    };
  }

  /** Checks what a browser has answered, and ends the ceremony. Returns the account of the passkey. */
  async #use(
    tx: Tx,
    begun: Ceremony<Challenge>,
    { ceremony, credential }: UsePasskey,
    site: Site,
  ): Promise<number> {
    const passkey = await tx
      .selectFrom('passkeys')
      .selectAll()
      .where('credential_id', '=', credential.id)
      .forUpdate()
      .executeTakeFirst();
    if (!passkey) throw refused();
    const { userHandle } = credential.response;
    if (userHandle && userHandle !== this.#handle(passkey.user_id).toString('base64url')) throw refused();
    const { verifyAuthenticationResponse } = await webauthn();
    const used = await verifyAuthenticationResponse({
      response: { ...credential, clientExtensionResults: {} } as AuthenticationResponseJSON,
      expectedChallenge: begun.data.challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.host,
      requireUserVerification: true,
      credential: {
        id: passkey.credential_id,
        publicKey: new Uint8Array(passkey.public_key),
        counter: passkey.counter,
        transports: passkey.transports,
      },
    }).catch((cause: unknown) => {
      throw refused(cause);
    });
    if (!used.verified) throw refused();
    await this.#ceremonies.end(tx, ceremony);
    await tx
      .updateTable('passkeys')
      .set({ counter: used.authenticationInfo.newCounter, last_used_at: sql`now()` })
      .where('id', '=', passkey.id)
      .execute();
    return passkey.user_id;
  }

  /** What devices call the account. */
  #handle(accountId: number): Buffer {
    return this.#secrets.fingerprint(`passkey user\n${accountId}`);
  }
}

/** A passkey that an account has. */
interface Known {
  id: string;
  transports: string[];
}

const describe = ({ id, transports }: Known) => ({ id, transports, type: 'public-key' });

const credentialsOf = (db: Queryable, accountId: number): Promise<Known[]> =>
  db
    .selectFrom('passkeys')
    .select(['credential_id as id', 'transports'])
    .where('user_id', '=', accountId)
    .execute();

const refused = (cause?: unknown): AppError =>
  new AppError('sign_in_failed', 'This passkey is not one of an account here. Begin again.', { cause });

function notMade(cause?: unknown): AppError {
  const message = 'The browser has not made the passkey that was asked for. Begin again.';
  return new AppError('validation_failed', message, { errors: { credential: [message] }, cause });
}
