import { isIPv4 } from 'node:net';
import path from 'node:path';
import { type Brand, readBrand } from './brand-config.ts';
import { ConfigError } from './config-error.ts';
import type { PortRange } from './instances/addresses.ts';
import { type MailConfig, readMail } from './mail/config.ts';
import { type OidcConfig, readOidc } from './oidc-config.ts';
import { readS3, type S3Config } from './s3-config.ts';
import { SETTINGS } from './settings.ts';

export interface Config {
  home: string;
  listen: { host: string; port: number };
  publicUrl: string;
  /** Origin of DANUBE_PUBLIC_URL; null where it is not set, and every address of this server counts. */
  publicOrigin: string | null;
  role: 'api' | 'worker' | 'all';
  engine: 'incus' | 'sim';
  ipv4Pool: string | null;
  ipv6Pool: string | null;
  publicAddress: string | null;
  publicPorts: PortRange | null;
  trustProxy: string[];
  secretKey: string | null;
  logLevel: string;
  /** Names of the images that are built before somebody asks for them. */
  imagesAhead: 'all' | readonly string[];
  sim: { stateFile: string; latencyMs: number };
  capacity: CapacityPolicy;
  /** What a GB in buckets costs a month, in cents of EUR. */
  objectPriceCents: number;
  /** What a GB of storage beyond that of its plan costs a month, in cents of EUR. */
  storagePriceCents: number;
  /** How long events are kept, in days. */
  eventDays: number;
  /** Where webhooks may go: to public addresses by https, or anywhere. */
  webhookTargets: 'public' | 'any';
  /** Whether new databases get alerts. */
  defaultAlerts: boolean;
  /** Null: no e-mail is sent. */
  mail: MailConfig | null;
  metrics: {
    /** A store to use instead of one on this host. */
    url: string | null;
    /** How long the store on this host keeps what was measured, in days. */
    days: number;
    /** Where a page of figures is served for the operator's Prometheus; null: nowhere. */
    listen: { host: string; port: number } | null;
  };
  brand: Brand;
  /** Who may open an account. */
  registration: 'open' | 'invitation' | 'closed';
  /** The OpenID Connect provider that people may sign in by; null: none. */
  oidc: OidcConfig | null;
  databaseUrl: string | null;
  s3: S3Config;
  incus: {
    url: string;
    clientCert: string;
    clientKey: string;
    serverCert: string | null;
    pool: string;
  } | null;
}

/** How much of what the host has is promised to instances. */
export interface CapacityPolicy {
  memoryFactor: number;
  memoryReserveMb: number;
  diskFactor: number;
  diskReservePercent: number;
  /** Of a team. */
  storageQuotaGb: number;
}

/** Variables that are named like settings, but are none: probably misspelt. They have no effect. Two are those of danubectl. */
export const unknownSettings = (env: NodeJS.ProcessEnv): string[] =>
  Object.keys(env).filter(
    (name) =>
      /^DANUBE_(?!TEST_|URL$|TOKEN$)/.test(name) && !SETTINGS.some((setting) => setting.name === name),
  );

/** Reads the environment. Throws {@link ConfigError} for the first invalid setting. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const get = (name: string): string | null => env[name]?.trim() || null;
  const oneOf = <T extends string>(name: string, allowed: readonly T[], fallback: T): T => {
    const value = get(name) ?? fallback;
    if (!(allowed as readonly string[]).includes(value)) {
      throw new ConfigError(`${name} is "${value}". It takes one of: ${allowed.join(', ')}.`);
    }
    return value as T;
  };
  const listen = parseListen('DANUBE_LISTEN', get('DANUBE_LISTEN') ?? '127.0.0.1:8080');
  const shownHost = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  const home = readHome(get('DANUBE_HOME') ?? '/var/lib/danube');
  return {
    home,
    listen,
    publicUrl: (get('DANUBE_PUBLIC_URL') ?? `http://${shownHost}:${listen.port}`).replace(/\/+$/, ''),
    publicOrigin: readOrigin(get('DANUBE_PUBLIC_URL')),
    role: oneOf('DANUBE_ROLE', ['api', 'worker', 'all'] as const, 'all'),
    engine: oneOf('DANUBE_ENGINE', ['incus', 'sim'] as const, 'incus'),
    ipv4Pool: get('DANUBE_IPV4_POOL'),
    ipv6Pool: get('DANUBE_IPV6_POOL'),
    publicAddress: readPublicAddress(get('DANUBE_PUBLIC_ADDRESS')),
    publicPorts: readPublicPorts(get('DANUBE_PUBLIC_PORTS')),
    trustProxy: (get('DANUBE_TRUST_PROXY') ?? '')
      .split(',')
      .map((s) => s.trim())
      .filter(Boolean),
    secretKey: readSecretKey(get('DANUBE_SECRET_KEY')),
    logLevel: oneOf(
      'DANUBE_LOG_LEVEL',
      ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const,
      'info',
    ),
    imagesAhead: readImagesAhead(get('DANUBE_IMAGES_AHEAD') ?? 'all'),
    sim: {
      stateFile: get('DANUBE_SIM_STATE') ?? path.join(home, 'sim.json'),
      latencyMs: parseNumber('DANUBE_SIM_LATENCY_MS', get('DANUBE_SIM_LATENCY_MS') ?? '0'),
    },
    capacity: readCapacity(get),
    objectPriceCents: parseNumber('DANUBE_OBJECT_PRICE_CENTS', get('DANUBE_OBJECT_PRICE_CENTS') ?? '1'),
    storagePriceCents: parseNumber('DANUBE_STORAGE_PRICE_CENTS', get('DANUBE_STORAGE_PRICE_CENTS') ?? '10'),
    eventDays: readDays('DANUBE_EVENT_DAYS', get('DANUBE_EVENT_DAYS') ?? '90'),
    webhookTargets: oneOf('DANUBE_WEBHOOK_TARGETS', ['public', 'any'] as const, 'public'),
    defaultAlerts: oneOf('DANUBE_DEFAULT_ALERTS', ['on', 'off'] as const, 'on') === 'on',
    mail: readMail(get('SMTP_URL'), get('DANUBE_MAIL_FROM')),
    metrics: {
      url: readMetricsUrl(get('METRICS_URL')),
      days: readDays('DANUBE_METRICS_DAYS', get('DANUBE_METRICS_DAYS') ?? '90'),
      listen: readMetricsListen(get('DANUBE_METRICS_LISTEN')),
    },
    brand: readBrand({
      name: get('DANUBE_BRAND_NAME'),
      logo: get('DANUBE_BRAND_LOGO'),
      color: get('DANUBE_BRAND_COLOR'),
      support: get('DANUBE_SUPPORT_URL'),
      community: get('DANUBE_COMMUNITY_URL'),
    }),
    registration: oneOf('DANUBE_REGISTRATION', ['open', 'invitation', 'closed'] as const, 'invitation'),
    oidc: readOidc(get),
    databaseUrl: get('DATABASE_URL'),
    s3: readS3(get),
    incus: readIncus(get),
  };
}

function readHome(text: string): string {
  if (!path.isAbsolute(text)) {
    throw new ConfigError(`DANUBE_HOME is "${text}". It takes a whole path, for example /var/lib/danube.`);
  }
  return path.resolve(text);
}

function readOrigin(text: string | null): string | null {
  if (text === null) return null;
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new ConfigError(
      `DANUBE_PUBLIC_URL is "${text}". It takes an address such as https://cloud.example.org.`,
    );
  }
  return url.origin;
}

function readImagesAhead(text: string): Config['imagesAhead'] {
  if (text === 'all') return 'all';
  return text === 'none' ? [] : text.split(',').map((name) => name.trim());
}

function readSecretKey(text: string | null): string | null {
  if (text !== null && Buffer.from(text, 'base64').length !== 32) {
    throw new ConfigError(
      'DANUBE_SECRET_KEY is not 32 bytes in base64. Make one with: openssl rand -base64 32',
    );
  }
  return text;
}

function readMetricsUrl(text: string | null): string | null {
  if (text !== null && !/^https?:$/.test(URL.parse(text)?.protocol ?? '')) {
    throw new ConfigError(
      'METRICS_URL is no address of a store of metrics. It takes one of http or https, for example ' +
        'https://danube:PASSWORD@metrics.example.com:8428.',
    );
  }
  return text;
}

function readPublicAddress(text: string | null): string | null {
  if (text !== null && !isIPv4(text)) {
    throw new ConfigError(
      `DANUBE_PUBLIC_ADDRESS is "${text}". It takes an IPv4 address of this host, for example 203.0.113.7.`,
    );
  }
  return text;
}

function readPublicPorts(text: string | null): PortRange | null {
  if (text === null) return null;
  const [, first, last] = (/^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []).map(Number);
  if (!first || !last || first > last || last > 65535) {
    throw new ConfigError(
      `DANUBE_PUBLIC_PORTS is "${text}". It takes the first and the last TCP port, for example 20000-20999.`,
    );
  }
  return { first, last };
}

function readCapacity(get: (name: string) => string | null): CapacityPolicy {
  const factor = (name: string, value: string): number => {
    const number = parseNumber(name, value);
    if (number === 0) throw new ConfigError(`${name} is "${value}". It takes a number above 0.`);
    return number;
  };
  const reserve = get('DANUBE_DISK_RESERVE_PERCENT') ?? '10';
  const diskReservePercent = parseNumber('DANUBE_DISK_RESERVE_PERCENT', reserve);
  if (diskReservePercent > 90) {
    throw new ConfigError(`DANUBE_DISK_RESERVE_PERCENT is "${reserve}". It takes a number from 0 to 90.`);
  }
  return {
    memoryFactor: factor('DANUBE_MEMORY_FACTOR', get('DANUBE_MEMORY_FACTOR') ?? '1.0'),
    memoryReserveMb: parseNumber('DANUBE_MEMORY_RESERVE_MB', get('DANUBE_MEMORY_RESERVE_MB') ?? '1024'),
    diskFactor: factor('DANUBE_DISK_FACTOR', get('DANUBE_DISK_FACTOR') ?? '2.0'),
    diskReservePercent,
    storageQuotaGb: parseNumber('DANUBE_STORAGE_QUOTA_GB', get('DANUBE_STORAGE_QUOTA_GB') ?? '1000'),
  };
}

function readIncus(get: (name: string) => string | null): Config['incus'] {
  const url = get('INCUS_URL');
  if (!url) return null;
  const clientCert = get('INCUS_CLIENT_CERT');
  const clientKey = get('INCUS_CLIENT_KEY');
  if (!clientCert || !clientKey) {
    throw new ConfigError(
      'INCUS_URL needs INCUS_CLIENT_CERT and INCUS_CLIENT_KEY: files with the PEM certificate and key that Incus ' +
        'trusts.',
    );
  }
  return {
    url: url.replace(/\/+$/, ''),
    clientCert,
    clientKey,
    serverCert: get('INCUS_SERVER_CERT'),
    pool: get('INCUS_POOL') ?? 'default',
  };
}

const readMetricsListen = (text: string | null) =>
  text === null ? null : parseListen('DANUBE_METRICS_LISTEN', text);

function parseListen(name: string, text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65535) {
    throw new ConfigError(
      `${name} is "${text}". It takes an address and a port, for example 127.0.0.1:8080.`,
    );
  }
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
}

function readDays(name: string, text: string): number {
  const days = parseNumber(name, text);
  if (!Number.isInteger(days) || days < 1 || days > 3650) {
    throw new ConfigError(`${name} is "${text}". It takes a whole number from 1 to 3650.`);
  }
  return days;
}

function parseNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0)
    throw new ConfigError(`${name} is "${text}". It takes a number from 0.`);
  return value;
}
