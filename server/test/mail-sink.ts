import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** An e-mail that the server took. */
export interface ReceivedMail {
  from: string;
  to: string[];
  headers: Map<string, string>;
  text: string;
  html: string;
}

/** A mail server on the loopback. */
export interface MailSink {
  port: number;
  /** What `SMTP_URL` and its sender must be for it. */
  settings: { SMTP_URL: string; DANUBE_MAIL_FROM: string };
  received: ReceivedMail[];
  /** Every recipient that was asked for, taken or not. */
  asked: string[];
  /** Refuses a recipient: with a status such as 451 or 550. By default, all are taken. */
  refuse: (address: string) => number | null;
  /** Called with each mail before it is taken; it is taken when that resolves. */
  hold: (mail: ReceivedMail) => Promise<void>;
  close(): Promise<void>;
}

/** Without options, the server speaks neither TLS nor wants a login. `port`: any by default. */
export async function startMailSink(options: SMTPServerOptions = {}, port = 0): Promise<MailSink> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onRcptTo({ address }, _session, callback) {
      sink.asked.push(address);
      const status = sink.refuse(address);
      callback(status === null ? null : Object.assign(new Error('not taken'), { responseCode: status }));
    },
    async onData(stream, session, callback) {
      const mail = parse(await text(stream));
      const { mailFrom, rcptTo } = session.envelope;
      const received = {
        ...mail,
        from: (mailFrom || { address: '' }).address,
        to: rcptTo.map((to) => to.address),
      };
      await sink.hold(received);
      sink.received.push(received);
      callback();
    },
    ...options,
  });
  // Clients that hang up.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.server.address() as AddressInfo;
  const sink: MailSink = {
    port: address.port,
    settings: {
      SMTP_URL: `smtp+plain://127.0.0.1:${address.port}`,
      DANUBE_MAIL_FROM: 'Danube <cloud@example.com>',
    },
    received: [],
    asked: [],
    refuse: () => null,
    hold: async () => {},
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return sink;
}

/** Headers, and the two parts of `multipart/alternative` (RFC 2045 and 2046), as far as Danube uses them. */
function parse(source: string): Pick<ReceivedMail, 'headers' | 'text' | 'html'> {
  const { headers, body } = split(source);
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(headers.get('content-type') ?? '') ?? [];
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => split(part.trimStart()));
  const partOf = (type: string): string => {
    const part = parts.find((one) => one.headers.get('content-type')?.startsWith(type));
    return part ? decode(part.body, part.headers.get('content-transfer-encoding') ?? '') : '';
  };
  return { headers, text: partOf('text/plain'), html: partOf('text/html') };
}

function split(source: string): { headers: Map<string, string>; body: string } {
  const end = source.indexOf('\r\n\r\n');
  const lines = source
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { headers: new Map(headers), body: source.slice(end + 4) };
}

function decode(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_whole, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  const plain = encoding === 'quoted-printable' ? Buffer.from(bytes, 'latin1').toString() : body;
  return plain.replaceAll('\r\n', '\n').trimEnd();
}
