import type { FastifyRequest } from 'fastify';
import { invalid } from '../lib/errors.ts';

/** Most parameters that one answer names. */
const MAX_NAMED = 20;

/**
 * Refuses query parameters that the route does not have: a misspelt filter would give everything instead of what was
 * asked for. Throws `validation_failed` naming them, and those that there are. Public routes take any, since monitoring adds
 * some to get past caches.
 */
export function checkParameters({ url, query, routeOptions }: FastifyRequest): void {
  if (!url.includes('?') || routeOptions.schema === undefined || routeOptions.config.public) return;
  const known = Object.keys(
    (routeOptions.schema.querystring as { properties?: object } | undefined)?.properties ?? {},
  );
  const unknown = Object.keys(query as object).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const takes = known.length === 0 ? 'This request takes none.' : `This request takes: ${known.join(', ')}.`;
  throw invalid(
    Object.fromEntries(
      unknown
        .slice(0, MAX_NAMED)
        .map((name) => name.slice(0, 100))
        .map((name) => [name, [`The query parameter ${name} is not known. ${takes}`]]),
    ),
  );
}
