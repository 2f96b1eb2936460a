import { sql } from 'kysely';
import { Secret, TOTP } from 'otpauth';
import type { Database, Tx } from '../../db/database.ts';
import { randomText, type SecretBox } from '../../lib/crypto.ts';
import { invalid, invalidState } from '../../lib/errors.ts';

/** RFC 6238, with what authenticator apps take: SHA-1, 6 digits, 30 seconds. */
const FORM = { algorithm: 'SHA1', digits: 6, period: 30 };
/** RFC 4226, section 4, recommends 160 bits. */
const KEY_BYTES = 20;
/** How many steps the clock of a phone may be off, in either direction. */
const WINDOW = 1;
const RECOVERY_CODES = 10;

/** Codes of an authenticator app, and the codes that replace it when it is lost. */
export class TwoFactor {
  readonly #database: Database;
  readonly #secrets: SecretBox;

  constructor(database: Database, secrets: SecretBox) {
    this.#database = database;
    this.#secrets = secrets;
  }

  /** Whether codes are asked for, and how many recovery codes are left. */
  async show(accountId: number): Promise<{ enabled: boolean; recovery_codes_left: number }> {
    const { enabled, codes } = await this.#database.db
      .selectFrom('users')
      .select((eb) => [
        'totp_enabled_at as enabled',
        eb
          .selectFrom('recovery_codes')
          .whereRef('user_id', '=', 'users.id')
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .as('codes'),
      ])
      .where('id', '=', accountId)
      .executeTakeFirstOrThrow();
    return { enabled: enabled !== null, recovery_codes_left: codes ?? 0 };
  }

  /** Makes a key for an app. It counts once a code of it was {@link confirm}ed. */
  async begin(tx: Tx, account: { id: number; email: string }): Promise<{ secret: string; uri: string }> {
    const secret = new Secret({ size: KEY_BYTES });
    const { numUpdatedRows } = await tx
      .updateTable('users')
      .set({ totp_sealed: this.#secrets.seal(secret.base32), totp_last_step: null })
      .where('id', '=', account.id)
      .where('totp_enabled_at', 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows === 0n)
      throw invalidState('Codes are asked for already. Turn that off first.', 'enabled');
    const uri = new TOTP({ ...FORM, issuer: 'Danube', label: account.email, secret }).toString();
    return { secret: secret.base32, uri };
  }

  /** Asks for codes from now on. Returns the recovery codes. Throws `validation_failed` for a wrong code. */
  async confirm(tx: Tx, accountId: number, code: string): Promise<string[]> {
    const account = await tx
      .selectFrom('users')
      .select(['totp_sealed', 'totp_enabled_at'])
      .where('id', '=', accountId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (account.totp_sealed === null || account.totp_enabled_at !== null)
      throw invalidState(
        'There is no app that waits for its first code.',
        account.totp_enabled_at ? 'enabled' : 'off',
      );
    if (!(await this.#useCode(tx, accountId, account.totp_sealed, code)))
      throw invalid({ code: ['The code is wrong. Check that the clock of the phone is right.'] });
    await tx.updateTable('users').set({ totp_enabled_at: sql`now()` }).where('id', '=', accountId).execute();
    return this.renewRecoveryCodes(tx, accountId);
  }

  /** Throws `invalid_state` where no codes are asked for. */
  async assertEnabled(tx: Tx, accountId: number): Promise<void> {
    const account = await tx
      .selectFrom('users')
      .select('totp_enabled_at')
      .where('id', '=', accountId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (account.totp_enabled_at === null) throw invalidState('No codes are asked for.', 'off');
  }

  /** Asks for no codes any more. */
  async disable(tx: Tx, accountId: number): Promise<void> {
    await tx
      .updateTable('users')
      .set({ totp_sealed: null, totp_enabled_at: null, totp_last_step: null })
      .where('id', '=', accountId)
      .execute();
    await tx.deleteFrom('recovery_codes').where('user_id', '=', accountId).execute();
  }

  /** Replaces the recovery codes. Only a keyed hash is stored, so this is the only time they can be read. */
  async renewRecoveryCodes(tx: Tx, accountId: number): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, () => `${randomText(6)}-${randomText(6)}`);
    await tx.deleteFrom('recovery_codes').where('user_id', '=', accountId).execute();
    await tx
      .insertInto('recovery_codes')
      .values(codes.map((code) => ({ user_id: accountId, code_hash: this.#hash(accountId, code) })))
      .execute();
    return codes;
  }

  /**
   * Uses a code of the app, or a recovery code. Each counts once, also if it is sent twice at the same moment. Returns
   * whether it is right.
   */
  async use(tx: Tx, accountId: number, code: string): Promise<'app' | 'recovery' | null> {
    const { totp_sealed } = await tx
      .selectFrom('users')
      .select('totp_sealed')
      .where('id', '=', accountId)
      .where('totp_enabled_at', 'is not', null)
      .executeTakeFirstOrThrow();
    const typed = code.replaceAll(/\s/g, '');
    if (/^\d{6}$/.test(typed))
      return (await this.#useCode(tx, accountId, totp_sealed!, typed)) ? 'app' : null;
    const { numDeletedRows } = await tx
      .deleteFrom('recovery_codes')
      .where('user_id', '=', accountId)
      .where('code_hash', '=', this.#hash(accountId, typed))
      .executeTakeFirst();
    return numDeletedRows > 0n ? 'recovery' : null;
  }

  /** RFC 6238, section 5.2: a code is accepted once, and none before it any more. */
  async #useCode(tx: Tx, accountId: number, sealed: Buffer, code: string): Promise<boolean> {
    const secret = Secret.fromBase32(this.#secrets.open(sealed));
    const timestamp = Date.now();
    const off = TOTP.validate({ ...FORM, secret, token: code, timestamp, window: WINDOW });
    if (off === null) return false;
    const step = TOTP.counter({ period: FORM.period, timestamp }) + off;
    const { numUpdatedRows } = await tx
      .updateTable('users')
      .set({ totp_last_step: step })
      .where('id', '=', accountId)
      .where((eb) => eb.or([eb('totp_last_step', 'is', null), eb('totp_last_step', '<', step)]))
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  #hash(accountId: number, code: string): Buffer {
    return this.#secrets.fingerprint(`recovery code\n${accountId}\n${code}`);
  }
}
