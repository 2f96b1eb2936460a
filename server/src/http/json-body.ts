import type { FastifyRequest } from 'fastify';
import { AppError, type FieldErrors, invalid } from '../lib/errors.ts';
import type { HttpServer } from './api.ts';

/** No request needs more, and deeper JSON would overflow the stack of recursive code that handles it. */
const MAX_DEPTH = 32;

/** Accepts JSON bodies only. An empty body counts as none, also with a JSON content type. */
export function acceptJson(app: HttpServer): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text === '') return done(null, undefined);
    // The default parser's own answer carries the status; it never reports a promise.
    parse(request, text as string, done);
  });
}

/**
 * Refuses text that PostgreSQL and UTF-8 cannot hold (NUL characters, lone surrogates), wherever it stands in the
 * body or the query, and bodies nested too deeply. Throws `validation_failed` naming the fields.
 */
export function checkText(request: FastifyRequest): void {
  const errors: [string, string[]][] = [];
  walk(request.body, errors);
  const readsQuery = request.routeOptions.schema?.querystring !== undefined;
  if (readsQuery && request.url.includes('%')) walk(request.query, errors);
  if (errors.length > 0) throw invalid(Object.fromEntries(errors) as FieldErrors);
}

function walk(root: unknown, errors: [string, string[]][]): void {
  if (typeof root === 'string' && isBad(root)) errors.push(['body', [sentence('body')]]);
  if (root === null || typeof root !== 'object') return;
  const stack: { value: object; path: string; depth: number }[] = [{ value: root, path: '', depth: 1 }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    if (item.depth > MAX_DEPTH) {
      throw new AppError('bad_request', `The request body is nested more than ${MAX_DEPTH} levels deep.`);
    }
    for (const [key, value] of Object.entries(item.value)) {
      if (typeof value === 'object' && value !== null) {
        stack.push({ value, path: join(item.path, key), depth: item.depth + 1 });
      }
      if ((isBad(key) || (typeof value === 'string' && isBad(value))) && errors.length < 20) {
        const path = join(item.path, key).toWellFormed().replaceAll('\0', '\\u0000').slice(0, 100);
        errors.push([path, [sentence(path)]]);
      }
    }
  }
}

const join = (path: string, key: string): string => (path ? `${path}.${key}` : key);
const isBad = (text: string): boolean => text.includes('\0') || !text.isWellFormed();
const sentence = (field: string): string =>
  `The ${field} field must not contain NUL characters or incomplete surrogate pairs.`;
