import { sql } from 'kysely';
import * as oidc from 'openid-client';
import type { Database, Tx } from '../../db/database.ts';
import { isPrintable } from '../../http/schema.ts';
import { AppError } from '../../lib/errors.ts';
import { uuidv7 } from '../../lib/ids.ts';
import type { OidcConfig } from '../../oidc-config.ts';
import type { Ceremonies } from './ceremonies.ts';
import { findByEmail, insertAccount, isEmail } from './store.ts';

/** The page that the provider sends people back to. */
export const PROVIDER_PAGE = '/sign-in/provider';
/** Milliseconds for which what the provider says of itself is used; its keys are read when a new one is named. */
const METADATA_AGE = 3_600_000;
const TIMEOUT_SECONDS = 10;

/** What a sign-in at the provider keeps until its end. */
interface Begun {
  state: string;
  nonce: string;
  verifier: string;
  redirectUri: string;
}

/** What the provider's answer has, as it stands in the address of the page. */
export interface ProviderAnswer {
  code?: string | undefined;
  state?: string | undefined;
  iss?: string | undefined;
  error?: string | undefined;
}

/** Whom the provider says to have signed in. */
interface Person {
  issuer: string;
  subject: string;
  /** Null unless the provider says that it has verified the address. */
  email: string | null;
  name: string;
}

/**
 * Sign-in by an OpenID Connect provider (authorization code with PKCE, state and nonce). An account belongs to the
 * provider's subject. An e-mail address links nothing by itself: whoever controls the provider, or an address there,
 * would otherwise have every account.
 */
export class Provider {
  readonly #settings: OidcConfig;
  readonly #database: Database;
  readonly #ceremonies: Ceremonies;
  /** Whether somebody new gets an account. */
  readonly #opensAccounts: boolean;
  #metadata: { configuration: Promise<oidc.Configuration>; until: number } | null = null;

  constructor(settings: OidcConfig, opensAccounts: boolean, database: Database, ceremonies: Ceremonies) {
    this.#settings = settings;
    this.#opensAccounts = opensAccounts;
    this.#database = database;
    this.#ceremonies = ceremonies;
  }

  /**
   * Where the browser goes, and the secret of the ceremony, which only that browser may have. With `account`, the
   * subject is added to that account. Throws `unavailable`.
   */
  async begin(
    origin: string,
    account: { accountId: number; sessionId: string } | null = null,
  ): Promise<{ url: string; secret: string }> {
    const configuration = await this.#discover();
    const begun: Begun = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
      redirectUri: `${origin}${PROVIDER_PAGE}`,
    };
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: begun.redirectUri,
      scope: 'openid email profile',
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: 'S256',
    });
    const secret = await this.#ceremonies.begin(this.#database.db, {
      kind: 'provider',
      ...account,
      data: begun,
    });
    return { url: url.href, secret };
  }

  /**
   * Finds the account of the provider's answer, and runs `proceed` in the same transaction. Throws `sign_in_failed` and
   * `unavailable`.
   */
  async finish<T>(
    secret: string,
    answer: ProviderAnswer,
    proceed: (tx: Tx, accountId: number) => Promise<T>,
  ): Promise<T> {
    const { data, accountId } = await this.#ceremonies.attempt<Begun>('provider', secret);
    const person = await this.#redeem(data, answer);
    return this.#database.transaction(async (tx) => {
      await this.#ceremonies.end(tx, secret);
      return proceed(tx, await this.#accountOf(tx, person, accountId));
    });
  }

  async #redeem({ state, nonce, verifier, redirectUri }: Begun, answer: ProviderAnswer): Promise<Person> {
    const configuration = await this.#discover();
    const url = new URL(redirectUri);
    for (const [name, value] of Object.entries(answer))
      if (value !== undefined) url.searchParams.set(name, value);
    const tokens = await oidc
      .authorizationCodeGrant(configuration, url, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      })
      .catch((cause: unknown) => {
        throw refusal(cause);
      });
    const { iss, sub, ...claims } = tokens.claims()!;
    // Some providers tell more than the subject only when they are asked (OpenID Connect Core, section 5.3).
    const told = configuration.serverMetadata().userinfo_endpoint
      ? await oidc.fetchUserInfo(configuration, tokens.access_token, sub).catch((cause: unknown) => {
          throw refusal(cause);
        })
      : {};
    return { issuer: iss, subject: sub, ...describe({ ...claims, ...told }) };
  }

  async #accountOf(tx: Tx, { issuer, subject, email, name }: Person, linkTo: number | null): Promise<number> {
    const known = await tx
      .updateTable('identities')
      .set({ last_used_at: sql`now()` })
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .returning('user_id')
      .executeTakeFirst();
    if (known) {
      if (linkTo !== null && known.user_id !== linkTo)
        throw failed(`This ${this.#settings.name} account belongs to another account here already.`);
      return known.user_id;
    }
    const accountId = linkTo ?? (await this.#open(tx, email, name));
    await tx
      .insertInto('identities')
      .values({ id: uuidv7(), user_id: accountId, issuer, subject, email, last_used_at: sql`now()` })
      .execute();
    return accountId;
  }

  async #open(tx: Tx, email: string | null, name: string): Promise<number> {
    const nobody = `No account here belongs to this ${this.#settings.name} account.`;
    if (email === null) throw failed(`${nobody} Sign in to your account in another way, and add it there.`);
    if (await findByEmail(tx, email))
      throw failed(
        `${nobody} There is one with your address: sign in to it in another way, and add it there.`,
      );
    if (!this.#opensAccounts)
      throw failed(`${nobody} Ask a member of a team, or the operator, for an account.`);
    const made = await insertAccount(tx, { email, name, passwordHash: null, verified: true });
    if (!made) throw failed(nobody);
    return made.accountId;
  }

  async #discover(): Promise<oidc.Configuration> {
    if (this.#metadata && this.#metadata.until > Date.now()) return this.#metadata.configuration;
    const { issuer, clientId, clientSecret } = this.#settings;
    const server = new URL(issuer);
    const metadata = {
      until: Date.now() + METADATA_AGE,
      configuration: oidc.discovery(server, clientId, clientSecret, undefined, {
        timeout: TIMEOUT_SECONDS,
        // Settings allow that for this host itself only.
        execute: server.protocol === 'http:' ? [oidc.allowInsecureRequests] : [],
      }),
    };
    this.#metadata = metadata;
    return metadata.configuration.catch((cause: unknown) => {
      if (this.#metadata === metadata) this.#metadata = null;
      throw this.#away(cause);
    });
  }

  #away(cause: unknown): AppError {
    return new AppError(
      'unavailable',
      `${this.#settings.name} cannot be reached at the moment. Try again shortly.`,
      {
        cause,
        extra: { reason: 'provider_unreachable' },
      },
    );
  }
}

/** The address, if the provider has verified it, and the name that it knows. */
function describe(claims: Record<string, unknown>): Pick<Person, 'email' | 'name'> {
  const text = (claim: unknown): string | null => (typeof claim === 'string' && claim !== '' ? claim : null);
  const address = claims.email_verified === true ? text(claims.email) : null;
  const email = address !== null && isEmail(address) ? address : null;
  const name = [claims.name, claims.preferred_username, email]
    .map(text)
    .find((one) => one && isPrintable(one));
  return { email, name: (name ?? 'Somebody').slice(0, 255) };
}

const failed = (message: string, cause?: unknown): AppError =>
  new AppError('sign_in_failed', message, { cause });

/** The provider refused, or its answer is not the one to the question that was asked. */
const refusal = (cause: unknown): AppError =>
  failed('The sign-in at the provider failed. Begin again.', cause);
