import { readConfig } from '../server/src/config.ts';
import { packagesFor as hostPackagesFor } from '../server/src/host/components.ts';
import type { Package } from '../server/src/host/packages.ts';

interface Need {
  /** Pattern of the paths of the test files that need the packages. */
  files: RegExp;
  packages: readonly Package[];
}

/** Clients that tests use, in addition to Danube's own packages. */
const CLIENTS: readonly Need[] = [
  {
    files: /ssh-keys|documented-commands|real.*\/(contract|vps|snapshot|firewall|neighbours)/,
    packages: [{ name: 'openssh-client', proof: '/usr/bin/ssh' }],
  },
  { files: /real.*\/(contract|vps|neighbours)/, packages: [{ name: 'sshpass', proof: '/usr/bin/sshpass' }] },
  {
    files: /real.*\/(postgresql|managed-services|diagnosis|snapshot|neighbours|guides)/,
    packages: [{ name: 'postgresql-client', proof: '/usr/bin/psql' }],
  },
  {
    files: /real.*\/(mysql|mariadb|managed-services|diagnosis|snapshot|guides)/,
    packages: [{ name: 'mariadb-client', proof: '/usr/bin/mariadb' }],
  },
  {
    files: /real.*\/(redis|valkey|managed-services|diagnosis|snapshot|guides)/,
    packages: [{ name: 'redis-tools', proof: '/usr/bin/redis-cli' }],
  },
  {
    files: /real.*object-store/,
    packages: [
      { name: 'curl', proof: '/usr/bin/curl' },
      { name: 'jq', proof: '/usr/bin/jq' },
      { name: 'awscli', proof: '/usr/bin/aws' },
      { name: 'rclone', proof: '/usr/bin/rclone' },
      { name: 's3cmd', proof: '/usr/bin/s3cmd' },
      { name: 'restic', proof: '/usr/bin/restic' },
      { name: 'python3-boto3', proof: '/usr/lib/python3/dist-packages/boto3/__init__.py' },
      { name: 'ruby-aws-sdk-s3', proof: '/var/lib/dpkg/info/ruby-aws-sdk-s3.list' },
    ],
  },
  {
    files: /test\/(dashboard|api-page|console-page)|real.*\/(browser|object-store)/,
    packages: [{ name: 'chromium', proof: '/usr/lib/chromium/chromium' }],
  },
  {
    files: /real.*webhook-receivers/,
    packages: [
      { name: 'openssl', proof: '/usr/bin/openssl' },
      { name: 'php-cli', proof: '/usr/bin/php' },
      { name: 'python3', proof: '/usr/bin/python3' },
    ],
  },
  {
    // For the commands in the documentation.
    files: /documented-commands|real.*guides/,
    packages: [
      { name: 'curl', proof: '/usr/bin/curl' },
      { name: 'jq', proof: '/usr/bin/jq' },
    ],
  },
  {
    // For the programs in the customers' guides.
    files: /real.*guides/,
    packages: [
      { name: 'git', proof: '/usr/bin/git' },
      { name: 'mydumper', proof: '/usr/bin/myloader' },
      { name: 'python3-psycopg2', proof: '/usr/lib/python3/dist-packages/psycopg2/__init__.py' },
      { name: 'python3-pymysql', proof: '/usr/lib/python3/dist-packages/pymysql/__init__.py' },
      { name: 'python3-redis', proof: '/usr/lib/python3/dist-packages/redis/__init__.py' },
      { name: 'php-cli', proof: '/usr/bin/php' },
      // Their files are in folders with PHP's version in the name.
      { name: 'php-pgsql', proof: '/var/lib/dpkg/info/php-pgsql.list' },
      { name: 'php-mysql', proof: '/var/lib/dpkg/info/php-mysql.list' },
      { name: 'php-redis', proof: '/var/lib/dpkg/info/php-redis.list' },
    ],
  },
];

/** Danube's own packages for Incus, for tests that use them before an install is set up. */
const PLATFORM: Need = {
  files: /\/real\/|src\/(cli|dataplane|host|images)\//,
  packages: hostPackagesFor(readConfig({ DANUBE_ENGINE: 'incus' })),
};

/** The Debian packages that these test files need. Without Incus, only clients: platform tests skip what is missing. */
export function packagesFor(files: readonly string[], engine: 'sim' | 'incus'): Package[] {
  const needs = engine === 'incus' ? [...CLIENTS, PLATFORM] : CLIENTS;
  return needs.filter((need) => files.some((file) => need.files.test(file))).flatMap((need) => need.packages);
}

/** Everything, for benchmarks. */
export const ALL_PACKAGES: readonly Package[] = [...CLIENTS, PLATFORM].flatMap((need) => need.packages);
