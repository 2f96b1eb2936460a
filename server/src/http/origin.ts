import type { FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import { AppError } from '../lib/errors.ts';

export type OriginRequest = Pick<FastifyRequest, 'headers' | 'method' | 'protocol' | 'host'>;

/** The origin of the pages that may use cookies: that of DANUBE_PUBLIC_URL, else the one that the request was sent to. */
export function ownOrigin(
  config: Config,
  { protocol, host }: Pick<OriginRequest, 'protocol' | 'host'>,
): string {
  return config.publicOrigin ?? URL.parse(`${protocol}://${host}`)?.origin ?? 'null';
}

/** Whether a method changes nothing (RFC 9110, section 9.2.1). */
const isRead = (method: string): boolean => ['GET', 'HEAD', 'OPTIONS'].includes(method);

/**
 * Refuses a request by cookie that a page of another origin has sent. Browsers add the cookie whichever page sends the
 * request, and "same site" in `SameSite` includes other ports of the host. They name the page's origin in all requests
 * but plain reads of the page's own origin, so it must be named in everything that writes or changes the protocol.
 *
 * A read is left alone, because a foreign page cannot see its answer, unless it `staysOpen`: a stream takes up room.
 */
export function assertOwnOrigin(config: Config, request: OriginRequest, { staysOpen = false } = {}): void {
  const { headers, method } = request;
  const { origin } = headers;
  const mustName = !isRead(method) || headers.upgrade !== undefined;
  if (!mustName && !staysOpen) return;
  const isForeign =
    origin === undefined
      ? mustName ||
        !['same-origin', 'none', undefined].includes(headers['sec-fetch-site'] as string | undefined)
      : origin !== ownOrigin(config, request);
  if (isForeign) throw foreignOrigin();
}

/**
 * The same for a request that needs no credential, but whose answer may set a cookie. Programs name no origin, and a
 * browser does.
 */
export function assertNotForeign(config: Config, request: OriginRequest): void {
  const { origin } = request.headers;
  if (isRead(request.method) || origin === undefined || origin === ownOrigin(config, request)) return;
  throw foreignOrigin();
}

const foreignOrigin = (): AppError =>
  new AppError(
    'origin_mismatch',
    'The header Origin must be the address of this install: requests that use its cookies may only come from its own pages.',
  );
