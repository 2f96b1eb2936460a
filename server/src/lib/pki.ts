import { X509Certificate as NodeCertificate, randomBytes, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { X509Certificate } from '@peculiar/x509';

/** A certificate with its private key, both PEM. */
export interface KeyedCertificate {
  certificate: string;
  key: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const YEAR_MS = 365.25 * 86_400_000;
/**
 * Longer than any install lives: a private authority is not renewed, and its expiry would cut off every client. Server
 * certificates are renewed at each start of their instance.
 */
const AUTHORITY_YEARS = 30;
const SERVER_YEARS = 10;
/** Allows for clients whose clocks are slow. */
const BACKDATE_MS = 86_400_000;

/** Loaded when it is first needed: it has 200 modules, and most starts create no certificate. */
async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** Creates a certificate authority; `name` is its common name. */
export async function createAuthority(name: string): Promise<KeyedCertificate> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: new x509.Name([{ CN: [name] }]),
    ...validity(AUTHORITY_YEARS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemFile(certificate), key: await exportKey(keys.privateKey) };
}

/** Issues a server certificate signed by `authority` for the host names and addresses; the first is its common name. */
export async function issueCertificate(
  authority: KeyedCertificate,
  names: readonly [string, ...string[]],
): Promise<KeyedCertificate> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    issuer: issuer.subjectName,
    // A common name has at most 64 characters; clients check the alternative names.
    subject: new x509.Name([{ CN: [names[0].slice(0, 64)] }]),
    ...validity(SERVER_YEARS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificate: pemFile(certificate), key: await exportKey(keys.privateKey) };
}

/** PEM text that ends with a newline, like a file. */
const pemFile = (certificate: X509Certificate): string => `${certificate.toString('pem')}\n`;

/** The SHA-256 fingerprint in hex with colons, and the end of validity. */
export function describeCertificate(pem: string): { fingerprint: string; notAfter: Date } {
  const certificate = new NodeCertificate(pem);
  return { fingerprint: certificate.fingerprint256, notAfter: new Date(certificate.validTo) };
}

function validity(years: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + years * YEAR_MS) };
}

/** 127 random bits: RFC 5280 requires a positive number of at most 20 bytes. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const { PemConverter } = await loadX509();
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const { PemConverter } = await loadX509();
  return crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), ALGORITHM, false, ['sign']);
}
