import type { IncomingMessage } from 'node:http';

/** Bytes of a body in which its settings are: an encryption of a bucket, or the fields of a form before its file. */
const SETTINGS_BYTES = 20 * 1024;
/** Parts of a body that are looked at. Who sends it byte by byte gets the gateway's own answer. */
const LOOKS = 32;
const KMS = /^\s*aws:kms/i;
const IN_SETTINGS = />\s*aws:kms/i;
const IN_FORM =
  /\bname="?x-amz-server-side-encryption"?[ \t]{0,9}\r\n(?:[^\r\n]{1,200}\r\n){0,4}\r\n\s*aws:kms/i;
const FILE_OF_FORM = /\bname="?file"?[;\s]/i;

/**
 * Whether a request wants an object encrypted by a service for keys of customers, which the gateway of an install does not
 * have: it would refuse it without saying why, and would let it be the default of a bucket whose writes all fail then.
 */
export const wantsKms = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  KMS.test(String(headers['x-amz-server-side-encryption'] ?? ''));

/**
 * The same of requests that say it in their body: the default encryption of a bucket, and forms of browsers. Returns what
 * looks at the parts of the body as they come, and tells whether they ask for it; null: this one does not say it there.
 */
export function watchForKms({
  method,
  url = '',
  headers,
}: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): ((part: Buffer) => boolean) | null {
  const isForm = method === 'POST' && /^multipart\/form-data/i.test(headers['content-type'] ?? '');
  const isDefault = method === 'PUT' && /[?&]encryption(?:[=&]|$)/i.test(url);
  if (!isForm && !isDefault) return null;
  let text = '';
  let looks = 0;
  return (part) => {
    if (text.length >= SETTINGS_BYTES || looks++ >= LOOKS) return false;
    text += part.subarray(0, SETTINGS_BYTES - text.length).toString('latin1');
    if (isDefault) return IN_SETTINGS.test(text);
    const file = text.search(FILE_OF_FORM);
    return IN_FORM.test(file < 0 ? text : text.slice(0, file));
  };
}
