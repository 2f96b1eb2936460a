import { AppError } from '../lib/errors.ts';
import type { HttpServer } from './api.ts';

/** Media type of bodies that are bytes, and nothing to the server. */
export const BYTES = 'application/octet-stream';

/**
 * Lets the routes of a scope take bytes instead of JSON. They are left in the connection: the handler reads them from
 * `request.raw` as they come, and no faster than it passes them on.
 */
export function takeBytes(scope: HttpServer): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(BYTES, (_request, _payload, done) => done(null, undefined));
  scope.addContentTypeParser('*', (_request, _payload, done) =>
    done(new AppError('unsupported_media_type', `Send the bytes with the header Content-Type: ${BYTES}.`)),
  );
}
