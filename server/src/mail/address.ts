/** As HTML defines a valid e-mail address (section 4.10.5.1.5), without dots at the ends or in a row. */
const LOCAL = /^(?!\.)(?!.*\.\.)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}(?<!\.)$/;
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
/** What SMTP takes: a path of 256 characters with its brackets (RFC 5321, section 4.5.3.1.3). */
const MAX_LENGTH = 254;

/** Whether a text is one e-mail address, `name@host`: no display name, no list, no line breaks, no quoting. */
export function isMailAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  const labels = text.slice(at + 1).split('.');
  return (
    at > 0 &&
    text.length <= MAX_LENGTH &&
    LOCAL.test(text.slice(0, at)) &&
    labels.every((label) => LABEL.test(label))
  );
}
