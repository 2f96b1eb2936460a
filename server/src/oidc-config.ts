import { ConfigError } from './config-error.ts';

/** The OpenID Connect provider that people sign in by. */
export interface OidcConfig {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** What people call it. */
  name: string;
}

/** Reads the settings of the provider; null where there is none. Throws {@link ConfigError}. */
export function readOidc(get: (name: string) => string | null): OidcConfig | null {
  const issuer = get('OIDC_ISSUER');
  if (issuer === null) return null;
  const url = URL.parse(issuer);
  const isLocal = url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url === null || !(url.protocol === 'https:' || isLocal)) {
    throw new ConfigError(
      `OIDC_ISSUER is "${issuer}". It takes the https address of a provider, for example https://sso.example.org.`,
    );
  }
  const clientId = get('OIDC_CLIENT_ID');
  const clientSecret = get('OIDC_CLIENT_SECRET');
  if (!clientId || !clientSecret)
    throw new ConfigError(
      'OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, which the provider gives.',
    );
  return { issuer, clientId, clientSecret, name: get('OIDC_NAME') ?? url.hostname };
}
