import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';

/** What cookies need to know of a request. */
export type CookieRequest = Pick<FastifyRequest, 'headers' | 'protocol'>;

/** The cookies that Danube sets: that of a session, and that of a sign-in at a provider that is under way. */
export type CookieName = 'session' | 'sign-in';

/** Whether browsers reach this server by TLS. */
const isSecure = (config: Config, { protocol }: Pick<FastifyRequest, 'protocol'>): boolean =>
  config.publicOrigin === null ? protocol === 'https' : config.publicOrigin.startsWith('https://');

/**
 * With the prefix, browsers take the cookie only from this host itself and by TLS, so that no other host of the domain
 * can plant one. They refuse the prefix without TLS.
 */
const fullName = (name: CookieName, secure: boolean): string =>
  `${secure ? '__Host-' : ''}danube_${name.replace('-', '_')}`;

/**
 * The value of a cookie; null where it is missing. Also null where it comes twice: another path or host of the domain
 * has set one of them, and nothing tells which.
 */
export function readCookie(config: Config, request: CookieRequest, name: CookieName): string | null {
  if (request.headers.cookie === undefined) return null;
  const wanted = fullName(name, isSecure(config, request));
  const values = request.headers.cookie
    .split(';')
    .map((pair) => pair.trim().split(/=(.*)/s) as [string, string?])
    .filter(([key]) => key === wanted)
    .map(([, value = '']) => value);
  return values.length === 1 ? values[0]! : null;
}

/** Sets a cookie for so many seconds; with 0 the browser forgets it. The value must need no quoting. */
export function setCookie(
  config: Config,
  request: CookieRequest,
  reply: FastifyReply,
  name: CookieName,
  { value, seconds }: { value: string; seconds: number },
): void {
  const secure = isSecure(config, request);
  const parts = [
    `${fullName(name, secure)}=${value}`,
    'Path=/',
    `Max-Age=${seconds}`,
    'HttpOnly',
    'SameSite=Lax',
  ];
  reply.header('set-cookie', [...parts, ...(secure ? ['Secure'] : [])].join('; '));
}
