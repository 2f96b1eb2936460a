/** What a mail server may be asked for by SMTP_URL, with the port that goes without saying. */
const SCHEMES = {
  // TLS from the first byte.
  'smtps:': { port: 465, secure: true },
  // Begins without, and sends nothing, no password either, before STARTTLS.
  'smtp:': { port: 587, requireTLS: true },
  // For a server on this host.
  'smtp+plain:': { port: 25, ignoreTLS: true },
} as const;

/** The settings that SMTP_URL stands for; null where it makes no sense. */
export function readSmtpUrl(text: string) {
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  if (!(protocol in SCHEMES) || hostname === '' || !/^\/?$/.test(pathname) || search || hash) return null;
  const [user, pass] = [decode(username), decode(password)];
  if (user === null || pass === null) return null;
  return {
    ...SCHEMES[protocol as keyof typeof SCHEMES],
    host: hostname.replace(/^\[|\]$/g, ''),
    ...(port === '' ? {} : { port: Number(port) }),
    ...(user === '' ? {} : { auth: { user, pass } }),
  };
}

/** Null where a per cent sign stands for nothing. */
function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
