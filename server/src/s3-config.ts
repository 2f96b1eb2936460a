import { ConfigError } from './config-error.ts';

/** Object storage: the one that the install runs itself, or another one. */
export interface S3Config {
  /** Where the install's own one listens, on all addresses of the host. */
  port: number;
  domain: string | null;
  /** Files of the operator, PEM; null: a certificate of the install's authority. */
  certificate: { certificate: string; key: string } | null;
  sizeGb: number | null;
  region: string;
  /** Another Ceph than the install's own. */
  other: { endpoint: string; accessKey: string; secretKey: string } | null;
}

/** Reads the settings of object storage. Throws {@link ConfigError}. */
export function readS3(get: (name: string) => string | null): S3Config {
  const port = Number(get('DANUBE_S3_PORT') ?? 9443);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new ConfigError(
      `DANUBE_S3_PORT is "${get('DANUBE_S3_PORT')}". It takes a TCP port, for example 9443.`,
    );
  }
  const size = get('DANUBE_S3_SIZE_GB');
  const sizeGb = size === null ? null : Number(size);
  if (sizeGb !== null && (!Number.isInteger(sizeGb) || sizeGb < 10)) {
    throw new ConfigError(`DANUBE_S3_SIZE_GB is "${size}". It takes a whole number from 10.`);
  }
  const domain = get('DANUBE_S3_DOMAIN')?.toLowerCase() ?? null;
  if (domain !== null && !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain)) {
    throw new ConfigError(`DANUBE_S3_DOMAIN is "${domain}". It takes a domain, for example s3.example.com.`);
  }
  const certificate = get('DANUBE_S3_CERTIFICATE');
  const key = get('DANUBE_S3_KEY');
  if ((certificate === null) !== (key === null)) {
    throw new ConfigError('DANUBE_S3_CERTIFICATE and DANUBE_S3_KEY are set together: files with PEM text.');
  }
  return {
    port,
    domain,
    certificate: certificate !== null && key !== null ? { certificate, key } : null,
    sizeGb,
    region: get('S3_REGION') ?? 'fsn1',
    other: readOtherS3(get),
  };
}

function readOtherS3(get: (name: string) => string | null): S3Config['other'] {
  const endpoint = get('S3_ENDPOINT');
  if (endpoint === null) return null;
  if (!/^https?:\/\/[^/]+\/*$/.test(endpoint)) {
    throw new ConfigError(
      `S3_ENDPOINT is "${endpoint}". It takes an address, for example https://s3.example.com.`,
    );
  }
  const accessKey = get('S3_ADMIN_ACCESS_KEY');
  const secretKey = get('S3_ADMIN_SECRET_KEY');
  if (!accessKey || !secretKey) {
    throw new ConfigError(
      'S3_ENDPOINT needs S3_ADMIN_ACCESS_KEY and S3_ADMIN_SECRET_KEY: keys of a user of that Ceph who may use its admin ' +
        'API, see docs/object-storage.md.',
    );
  }
  return { endpoint: endpoint.replace(/\/+$/, ''), accessKey, secretKey };
}
