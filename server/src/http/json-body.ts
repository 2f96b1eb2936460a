import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import { AppError, type FieldErrors, invalid } from '../lib/errors.ts';
import type { HttpServer } from './api.ts';

/** No request needs deeper nesting, and very deep JSON would overflow the stack of recursive code. */
const MAX_DEPTH = 32;
/**
 * Most values in a body, of lists and objects together. Each takes time to parse and to check, in which nobody else is
 * served: a body of 1 MB could have half a million.
 */
const MAX_VALUES = 20_000;

/** Accepts JSON bodies in UTF-8 only. An empty body counts as no body, whatever content type it has. */
export function acceptJson(app: HttpServer): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    if (bytes.length === 0) return done(null, undefined);
    if (!isUtf8(bytes)) return done(new AppError('bad_request', 'The request body is not valid UTF-8.'));
    const tooMuch = excessOf(bytes);
    if (tooMuch) return done(new AppError('bad_request', `The request body ${tooMuch}.`));
    const text = bytes.toString('utf8');
    // Fastify's default parser; its error carries the status. It calls back and never returns a promise.
    parse(request, text, (error, value) => {
      const twice = error ? null : repeatedMember(text);
      if (twice === null) return done(error, value);
      done(new AppError('bad_request', `The request body names the member ${twice} twice in one object.`));
    });
  });
  // Several clients name the type of forms where they send nothing.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    done(new AppError('unsupported_media_type', JSON_ONLY));
  });
}

/** What is said to other bodies. */
export const JSON_ONLY = 'Send the request body as JSON, with the header Content-Type: application/json.';

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/**
 * What this JSON text has too much of, as the end of a sentence; null where it can be parsed. Looks at each byte once, so it
 * costs little whatever is sent; whether it is JSON is not its matter.
 */
export function excessOf(bytes: Buffer): string | null {
  let [depth, values, isText] = [0, 1, false];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (isText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === COMMA) values += 1;
    else if (OPENING.has(byte)) {
      depth += 1;
      values += 1;
    } else if (CLOSING.has(byte)) depth -= 1;
    if (depth > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} levels deep`;
    if (values > MAX_VALUES) return `has more than ${MAX_VALUES.toLocaleString('en')} values`;
  }
  return null;
}

/**
 * The first member name that occurs twice in one object of this JSON text, as written there; null where there is none.
 * Of duplicate members, a proxy that checks a body and the server may each read a different one (RFC 8259, section 4).
 * The text must be valid JSON.
 */
export function repeatedMember(text: string): string | null {
  /** Names found so far in each open object; null stands for an array. */
  const open: (Set<unknown> | null)[] = [];
  let isName = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      const end = endOfString(text, at);
      if (isName) {
        const names = open.at(-1);
        const written = text.slice(at, end + 1);
        const name: unknown = JSON.parse(written);
        if (names?.has(name)) return written.slice(0, 100);
        names?.add(name);
      }
      isName = false;
      at = end;
    } else if (char === '{' || char === '[') {
      open.push(char === '{' ? new Set() : null);
      isName = char === '{';
    } else if (char === '}' || char === ']') open.pop();
    else if (char === ',') isName = open.at(-1) !== null;
  }
  return null;
}

/** The index of the quote that ends the string starting at `start`. */
function endOfString(text: string, start: number): number {
  let end = start + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}

/**
 * Rejects text that PostgreSQL and UTF-8 cannot represent (NUL characters, lone surrogates) anywhere in body or query.
 * Throws `validation_failed` naming the fields.
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
  const stack: { value: object; path: string }[] = [{ value: root, path: '' }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    for (const [key, value] of Object.entries(item.value)) {
      if (typeof value === 'object' && value !== null) {
        stack.push({ value, path: join(item.path, key) });
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
