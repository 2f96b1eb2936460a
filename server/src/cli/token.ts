import { readConfig } from '../config.ts';
import type { Database } from '../db/database.ts';
import { SCOPE_SETS, type Scope } from '../http/scopes.ts';
// Registers the scopes of all modules.
import '../modules.ts';
import { recordTokens, tokenEvents } from '../identity/tokens/events.ts';
import { createToken, listTokens, revokeToken } from '../identity/tokens/service.ts';
import { AppError } from '../lib/errors.ts';
import { UsageError } from './failure.ts';
import { withDatabase } from './with-database.ts';

export interface TokenOptions {
  name: string | undefined;
  scopes: string | undefined;
  expires: string | undefined;
  user: string | undefined;
}

/** `danube token create`: prints the token, alone, on standard output. */
export async function tokenCreate(options: TokenOptions): Promise<number> {
  const { name } = options;
  if (!name) throw new UsageError('A token needs a name: --name NAME.');
  const expiresAt = options.expires ? parseExpiry(options.expires, new Date()) : null;
  const scopes = options.scopes ? parseScopes(options.scopes) : undefined;
  return withDatabase(readConfig(process.env), async (database) => {
    const owner = await findOwner(database, options.user);
    const wish = { ...owner, name, expiresAt, ...(scopes ? { scopes } : {}) };
    const token = await database.transaction(async (tx) => {
      const made = await createToken(tx, wish);
      const { accountId: user_id, teamId: team_id } = owner;
      await recordTokens(tx, tokenEvents.created, [{ id: made.id, name: name.trim(), user_id, team_id }]);
      return made;
    });
    process.stderr.write('The token is shown only this once:\n');
    process.stdout.write(`${token.plainText}\n`);
    return 0;
  });
}

/** `danube token list`. */
export async function tokenList(): Promise<number> {
  return withDatabase(readConfig(process.env), async (database) => {
    for (const token of await listTokens(database.db)) {
      const state = token.revokedAt
        ? 'revoked'
        : token.expiresAt && token.expiresAt < new Date()
          ? 'expired'
          : token.expiresAt
            ? `expires ${token.expiresAt.toISOString()}`
            : 'never expires';
      const used = token.lastUsedAt
        ? `last used ${token.lastUsedAt.toISOString()} from ${token.lastUsedIp}`
        : 'never used';
      process.stdout.write(
        `${token.id}\t${token.name}\t${state}\t${used}\t${describeScopes(token.scopes)}\n`,
      );
    }
    return 0;
  });
}

/** `danube token revoke ID`. */
export async function tokenRevoke(text: string): Promise<number> {
  const id = Number(text.split('|')[0]);
  if (!Number.isSafeInteger(id) || id < 1)
    throw new UsageError(`"${text}" is not a token id: \`danube token list\` shows them.`);
  return withDatabase(readConfig(process.env), async (database) => {
    await database
      .transaction((tx) => revokeToken(tx, id))
      .catch((error: unknown) => {
        if (!(error instanceof AppError) || error.code !== 'not_found') throw error;
        throw new UsageError(`There is no token ${id}: \`danube token list\` shows them.`);
      });
    process.stderr.write(`Token ${id} is revoked.\n`);
    return 0;
  });
}

async function findOwner(
  database: Database,
  email: string | undefined,
): Promise<{ accountId: number; teamId: number }> {
  let query = database.db.selectFrom('users').select('id').orderBy('id').limit(1);
  if (email) query = query.where('email_key', '=', email.toLowerCase());
  const user = await query.executeTakeFirst();
  if (!user) {
    throw new UsageError(
      email ? `There is no account ${email}.` : 'There is no account yet: run `danube start` once.',
    );
  }
  const { team_id: teamId } = await database.db
    .selectFrom('team_members')
    .select('team_id')
    .where('user_id', '=', user.id)
    .orderBy('team_id')
    .limit(1)
    .executeTakeFirstOrThrow();
  return { accountId: user.id, teamId };
}

/** The name of the set that these are, else the list. */
export function describeScopes(scopes: readonly string[]): string {
  const text = (set: readonly string[]) => set.toSorted().join(',');
  const named = Object.entries<readonly string[]>(SCOPE_SETS).find(([, set]) => text(set) === text(scopes));
  return named?.[0] ?? scopes.join(',');
}

/** Scopes and named sets, separated by commas. Unknown scopes are rejected by the token service, which names them. */
export function parseScopes(text: string): Scope[] {
  const sets: Record<string, readonly Scope[]> = SCOPE_SETS;
  const names = text.split(',').map((name) => name.trim());
  return [...new Set(names.flatMap((name) => sets[name.toLowerCase()] ?? [name as Scope]))];
}

const UNIT_MS: Record<string, number> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A duration such as `30d`, `12h` or `4w`, or a date that `Date` can parse. Throws {@link UsageError}. */
export function parseExpiry(text: string, now: Date): Date {
  const span = /^(\d{1,5})([hdw])$/.exec(text);
  if (span) return new Date(now.getTime() + Number(span[1]) * (UNIT_MS[span[2] ?? ''] ?? 0));
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) {
    throw new UsageError(
      `--expires is "${text}". It takes a span such as 30d, 12h or 4w, or a date such as 2027-01-31.`,
    );
  }
  return date;
}
