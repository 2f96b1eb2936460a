/** One documented setting. `docs/configuration.md` has a row for each, which `config.test.ts` compares. */
interface Setting {
  name: string;
  default: string;
  meaning: string;
}

export const SETTINGS: readonly Setting[] = [
  { name: 'DANUBE_HOME', default: '/var/lib/danube', meaning: 'Data directory: all state of this install.' },
  {
    name: 'DANUBE_LISTEN',
    default: '127.0.0.1:8080',
    meaning: 'Address and port of the API, for example `0.0.0.0:8080` or `[::1]:8080`.',
  },
  {
    name: 'DANUBE_PUBLIC_URL',
    default: 'http://DANUBE_LISTEN',
    meaning: 'The address that customers use, as it stands in the API documents.',
  },
  {
    name: 'DANUBE_ROLE',
    default: 'all',
    meaning: '`api` serves requests, `worker` runs workflows, `all` does both.',
  },
  {
    name: 'DANUBE_ENGINE',
    default: 'incus',
    meaning: '`incus` for real instances; `sim` simulates them, for tests and trials.',
  },
  {
    name: 'DANUBE_IPV4_POOL',
    default: 'chosen at the first start',
    meaning: 'IPv4 range that team networks (a /22 each) are cut from.',
  },
  {
    name: 'DANUBE_IPV6_POOL',
    default: 'a unique local /48',
    meaning: 'IPv6 range that team networks (a /64 each) are cut from.',
  },
  {
    name: 'DANUBE_PUBLIC_ADDRESS',
    default: 'that of the default route',
    meaning: 'IPv4 address of this host that published databases and caches are reached at.',
  },
  {
    name: 'DANUBE_PUBLIC_PORTS',
    default: 'chosen at the first start',
    meaning:
      'TCP ports at that address, `FIRST-LAST`; one for each published database and cache. No other install on the host may have them.',
  },
  {
    name: 'DANUBE_TRUST_PROXY',
    default: '',
    meaning: 'Addresses of reverse proxies whose `X-Forwarded-For` is believed, separated by commas.',
  },
  {
    name: 'DANUBE_SECRET_KEY',
    default: 'a file in DANUBE_HOME',
    meaning: '32 bytes in base64 that encrypt stored secrets. Every server process needs the same one.',
  },
  {
    name: 'DANUBE_LOG_LEVEL',
    default: 'info',
    meaning: '`trace`, `debug`, `info`, `warn`, `error` or `silent`.',
  },
  {
    name: 'DANUBE_IMAGES_AHEAD',
    default: 'all',
    meaning:
      'Images that are built in the background before somebody asks for them: `all`, `none`, or names separated by commas, for example `postgresql-18,valkey-9.1`.',
  },
  {
    name: 'DANUBE_SIM_STATE',
    default: 'sim.json in DANUBE_HOME',
    meaning: 'File that keeps the simulated instances over a restart (`DANUBE_ENGINE=sim` only).',
  },
  {
    name: 'DANUBE_SIM_LATENCY_MS',
    default: '0',
    meaning: 'Time that each simulated action takes, in milliseconds (`DANUBE_ENGINE=sim` only).',
  },
  {
    name: 'DANUBE_MEMORY_FACTOR',
    default: '1.0',
    meaning: 'How much memory instances are promised, as a multiple of what the host has beyond its reserve.',
  },
  {
    name: 'DANUBE_MEMORY_RESERVE_MB',
    default: '1024',
    meaning: 'Memory of the host that instances are not promised: it is for the host itself and for Danube.',
  },
  {
    name: 'DANUBE_DISK_FACTOR',
    default: '2.0',
    meaning: 'How much disk instances are promised, as a multiple of the storage pool.',
  },
  {
    name: 'DANUBE_DISK_RESERVE_PERCENT',
    default: '10',
    meaning:
      'Share of the storage pool that must be free. Below it, nothing new is stored: no instances, snapshots, restores.',
  },
  {
    name: 'DANUBE_OBJECT_PRICE_CENTS',
    default: '1',
    meaning: 'What a GB in buckets costs a month, in cents of EUR. Each GB that is begun counts.',
  },
  {
    name: 'DANUBE_STORAGE_PRICE_CENTS',
    default: '10',
    meaning:
      'What a GB that a database or cache has beyond the storage of its plan costs a month, in cents of EUR. It counts for storage that grows from then on.',
  },
  {
    name: 'DANUBE_STORAGE_QUOTA_GB',
    default: '1000',
    meaning: 'Disks and snapshots that a team may have, unless `teams.quotas` says otherwise for it.',
  },
  {
    name: 'DANUBE_EVENT_DAYS',
    default: '90',
    meaning: 'How long events are kept, in days.',
  },
  {
    name: 'DANUBE_WEBHOOK_TARGETS',
    default: 'public',
    meaning:
      '`public`: webhooks go to public addresses by https only. `any`: also by http, and to every address that this host reaches, its own services included, but for link-local ones. Customers see the first 4 KB of each answer, so only where all of them are yours.',
  },
  {
    name: 'DANUBE_DEFAULT_ALERTS',
    default: 'on',
    meaning: '`on`: a new database has alerts on its disk and its connections. `off`: it has none.',
  },
  {
    name: 'SMTP_URL',
    default: '',
    meaning:
      'Mail server that e-mails are sent through, for example `smtps://USER:PASSWORD@mail.example.com`; without it, none are sent.',
  },
  {
    name: 'DANUBE_MAIL_FROM',
    default: '',
    meaning: 'Sender of e-mails, for example `Danube <cloud@example.com>`; SMTP_URL needs it.',
  },
  {
    name: 'DANUBE_METRICS_DAYS',
    default: '90',
    meaning: 'How long metrics are kept, in days, by the VictoriaMetrics of this host.',
  },
  {
    name: 'DANUBE_METRICS_LISTEN',
    default: '',
    meaning:
      'Address and port of a page of figures for your Prometheus, for example `127.0.0.1:9200`. It asks for no login; without it, there is none.',
  },
  {
    name: 'METRICS_URL',
    default: '',
    meaning:
      'VictoriaMetrics to use instead of one on this host, for example `https://USER:PASSWORD@10.0.0.6:8428`. Every server process needs the same one.',
  },
  {
    name: 'DANUBE_BRAND_NAME',
    default: 'Danube',
    meaning: 'What customers see this cloud called, in the dashboard and in the guides.',
  },
  {
    name: 'DANUBE_BRAND_LOGO',
    default: '',
    meaning: 'An SVG or PNG file of at most 256 KiB, square, to show instead of the logo of Danube.',
  },
  {
    name: 'DANUBE_BRAND_COLOR',
    default: '',
    meaning: 'The colour of buttons and links, for example `#1f5fae`. White text must be readable on it.',
  },
  {
    name: 'DANUBE_SUPPORT_URL',
    default: '',
    meaning:
      'Where customers find help, for example `https://help.example.org` or `mailto:help@example.org`. The dashboard and the guides link to it.',
  },
  {
    name: 'DANUBE_COMMUNITY_URL',
    default: '',
    meaning: 'Where customers meet, for example a forum. The dashboard and the guides link to it.',
  },
  {
    name: 'DANUBE_REGISTRATION',
    default: 'invitation',
    meaning:
      'Who may open an account: `open` for everybody, `invitation` for those whom a team or the operator invites, `closed` for nobody.',
  },
  {
    name: 'OIDC_ISSUER',
    default: '',
    meaning: 'OpenID Connect provider that people may sign in by, for example `https://sso.example.org`.',
  },
  { name: 'OIDC_CLIENT_ID', default: '', meaning: 'What OIDC_ISSUER calls this install.' },
  { name: 'OIDC_CLIENT_SECRET', default: '', meaning: 'The secret that goes with it.' },
  { name: 'OIDC_NAME', default: 'host of OIDC_ISSUER', meaning: 'What people call the provider.' },
  {
    name: 'DATABASE_URL',
    default: '',
    meaning: 'PostgreSQL 15 or newer to use instead of one on this host.',
  },
  {
    name: 'DANUBE_S3_PORT',
    default: '9443',
    meaning: 'TCP port of the object storage on all addresses of this host, once there is any. TLS only.',
  },
  {
    name: 'DANUBE_S3_DOMAIN',
    default: '',
    meaning:
      'Domain of the object storage, for addresses such as `https://BUCKET.s3.example.com`. It and all names below it point to this host.',
  },
  {
    name: 'DANUBE_S3_CERTIFICATE',
    default: "one of the install's authority",
    meaning:
      'File with the PEM certificate of the object storage. When it changes, it is taken over at once.',
  },
  { name: 'DANUBE_S3_KEY', default: '', meaning: 'File with the PEM key of DANUBE_S3_CERTIFICATE.' },
  {
    name: 'DANUBE_S3_SIZE_GB',
    default: 'half of the storage pool',
    meaning: 'How much the object storage can hold, in GiB. It can be raised later, and not lowered.',
  },
  {
    name: 'S3_ENDPOINT',
    default: '',
    meaning: 'A Ceph RADOS Gateway to use instead of one on this host, for example `https://s3.example.com`.',
  },
  { name: 'S3_REGION', default: 'fsn1', meaning: 'Region of the object storage, as S3 clients name it.' },
  {
    name: 'S3_ADMIN_ACCESS_KEY',
    default: '',
    meaning: 'Access key of a user of S3_ENDPOINT who may use its admin API.',
  },
  { name: 'S3_ADMIN_SECRET_KEY', default: '', meaning: 'Secret key of that user.' },
  {
    name: 'INCUS_URL',
    default: '',
    meaning:
      'Incus server or cluster to use instead of the one on this host, for example `https://10.0.0.5:8443`.',
  },
  { name: 'INCUS_CLIENT_CERT', default: '', meaning: 'File with the PEM client certificate for INCUS_URL.' },
  { name: 'INCUS_CLIENT_KEY', default: '', meaning: 'File with the PEM client key for INCUS_URL.' },
  {
    name: 'INCUS_SERVER_CERT',
    default: '',
    meaning:
      'File with the PEM certificate that INCUS_URL must present, where no public authority signed it.',
  },
  {
    name: 'INCUS_POOL',
    default: 'default',
    meaning: 'Storage pool of INCUS_URL that instances are made in.',
  },
];
