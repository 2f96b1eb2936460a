import { HOST_COMPONENTS } from '../server/src/host/components.ts';
import type { Package } from '../server/src/host/packages.ts';

interface Need {
  /** The test files whose programs these are, by their path. */
  files: RegExp;
  packages: readonly Package[];
}

/** Real clients that tests use, beyond what Danube itself needs. */
const CLIENTS: readonly Need[] = [
  {
    files: /ssh-keys|real.*\/(contract|vps|snapshot|firewall)/,
    packages: [{ name: 'openssh-client', proof: '/usr/bin/ssh' }],
  },
  { files: /real.*\/(contract|vps)/, packages: [{ name: 'sshpass', proof: '/usr/bin/sshpass' }] },
  {
    files: /real.*\/(postgresql|managed-services|snapshot)/,
    packages: [{ name: 'postgresql-client', proof: '/usr/bin/psql' }],
  },
  {
    files: /real.*\/(mysql|mariadb|managed-services|snapshot)/,
    packages: [{ name: 'mariadb-client', proof: '/usr/bin/mariadb' }],
  },
  {
    files: /real.*\/(redis|valkey|managed-services|snapshot)/,
    packages: [{ name: 'redis-tools', proof: '/usr/bin/redis-cli' }],
  },
  {
    // What the customers' guides use.
    files: /real.*guides/,
    packages: [
      { name: 'curl', proof: '/usr/bin/curl' },
      { name: 'git', proof: '/usr/bin/git' },
      { name: 'jq', proof: '/usr/bin/jq' },
      { name: 'python3-psycopg2', proof: '/usr/lib/python3/dist-packages/psycopg2/__init__.py' },
      { name: 'python3-pymysql', proof: '/usr/lib/python3/dist-packages/pymysql/__init__.py' },
      { name: 'python3-redis', proof: '/usr/lib/python3/dist-packages/redis/__init__.py' },
      { name: 'php-cli', proof: '/usr/bin/php' },
      // Their files are in folders named by PHP's version.
      { name: 'php-pgsql', proof: '/var/lib/dpkg/info/php-pgsql.list' },
      { name: 'php-mysql', proof: '/var/lib/dpkg/info/php-mysql.list' },
      { name: 'php-redis', proof: '/var/lib/dpkg/info/php-redis.list' },
    ],
  },
];

/** What an install for Incus brings. Tests of these folders use it themselves, before one is set up. */
const PLATFORM: Need = {
  files: /\/real\/|src\/(cli|dataplane|host|images)\//,
  packages: HOST_COMPONENTS.flatMap(({ packages }) => packages ?? []),
};

/**
 * The Debian packages that these test files need. Without Incus only the clients: tests of the platform leave out what
 * is not there.
 */
export function packagesFor(files: readonly string[], engine: 'sim' | 'incus'): Package[] {
  const needs = engine === 'incus' ? [...CLIENTS, PLATFORM] : CLIENTS;
  return needs.filter((need) => files.some((file) => need.files.test(file))).flatMap((need) => need.packages);
}

/** Everything, for benchmarks. */
export const ALL_PACKAGES: readonly Package[] = [...CLIENTS, PLATFORM].flatMap((need) => need.packages);
