import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { AppError } from '../lib/errors.ts';
import type { HttpServer } from './api.ts';

const HEADERS_TAKEN = 'Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Request-Id, X-Team-Id';
/** How long a browser may cache the response to a preflight request, in seconds. */
const PREFLIGHT_AGE = 3600;

/**
 * Records the declared routes, and answers requests that match none: OPTIONS of a known path (a browser's CORS
 * preflight) with the allowed methods, other methods with 405 and `Allow`, and unknown paths with 404. Call it after
 * adding the gate, which these requests pass too, and before declaring routes.
 */
export function answerUnknownPaths(app: HttpServer): void {
  const known: { path: RegExp; shape: string; methods: string[] }[] = [];
  /** Paths without parameters. */
  const fixed = new Set<string>();
  app.addHook('onRoute', (route: RouteOptions) => {
    const path = new RegExp(
      `^${route.url
        .split(/:[^/]+/)
        .map(literal)
        .join('[^/]+')}$`,
    );
    if (!route.url.includes(':')) fixed.add(route.url);
    known.push({ path, shape: shapeOf(route.url), methods: [route.method].flat() });
  });
  const isElsewhere = ({ url, routeOptions }: FastifyRequest): boolean => {
    const path = url.split('?', 1)[0]!;
    return routeOptions.url !== path && fixed.has(path);
  };
  const answer = (request: FastifyRequest, reply: FastifyReply): void => {
    const path = request.url.split('?', 1)[0]!;
    const fitting = known.filter((route) => route.path.test(path));
    // As the router does, prefers a route with a fixed segment over one with a parameter.
    const [best] = fitting.map(({ shape }) => shape).sort();
    const methods = new Set(fitting.filter(({ shape }) => shape === best).flatMap((route) => route.methods));
    if (methods.size === 0) throw new AppError('not_found', 'There is nothing at this path.');
    const allowed = [...methods, 'OPTIONS'].sort().join(', ');
    reply.header('allow', allowed);
    if (request.method !== 'OPTIONS') {
      throw new AppError(
        'method_not_allowed',
        `This path does not take ${request.method}. It takes: ${allowed}.`,
      );
    }
    reply.header('access-control-allow-methods', allowed);
    reply.header('access-control-allow-headers', HEADERS_TAKEN);
    reply.header('access-control-max-age', PREFLIGHT_AGE);
    reply.code(204).send();
  };
  app.decorate('isElsewhere', isElsewhere);
  app.setNotFoundHandler(answer);
  // Before the body is looked at, which some methods must have one of: none is right here.
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404 || isElsewhere(request)) answer(request, reply);
    else done();
  });
}

/** The route's path with parameters replaced by a character that sorts after any fixed segment. */
const shapeOf = (url: string): string => url.replaceAll(/:[^/]+/g, '\uffff');

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
