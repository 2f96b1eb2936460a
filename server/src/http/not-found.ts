import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { AppError } from '../lib/errors.ts';
import type { HttpServer } from './api.ts';

/** Remembers the declared routes, and answers 405 with `Allow` for a known path and 404 for any other. */
export function answerUnknownPaths(app: HttpServer): void {
  const known: { path: RegExp; methods: string[] }[] = [];
  app.addHook('onRoute', (route: RouteOptions) => {
    const path = new RegExp(
      `^${route.url
        .split(/:[^/]+/)
        .map(literal)
        .join('[^/]+')}$`,
    );
    known.push({ path, methods: [route.method].flat() });
  });
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0]!;
    const methods = new Set(known.filter((route) => route.path.test(path)).flatMap((route) => route.methods));
    if (methods.size === 0) throw new AppError('not_found', 'There is nothing at this path.');
    const allowed = [...methods].sort().join(', ');
    reply.header('allow', allowed);
    throw new AppError(
      'method_not_allowed',
      `This path does not take ${request.method}. It takes: ${allowed}.`,
    );
  });
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
