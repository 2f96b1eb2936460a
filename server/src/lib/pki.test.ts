import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import { createAuthority, describeCertificate, issueCertificate } from './pki.ts';

test('a certificate is valid for its names and addresses only', async () => {
  const authority = await createAuthority('Danube test');
  const issued = await issueCertificate(authority, ['db.danube.internal', '10.64.0.10', 'fd00::a']);
  const certificate = new X509Certificate(issued.certificate);
  assert.ok(certificate.checkIssued(new X509Certificate(authority.certificate)));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(issued.key)));
  assert.ok(!certificate.ca);
  assert.equal(certificate.checkHost('db.danube.internal'), 'db.danube.internal');
  assert.equal(certificate.checkIP('10.64.0.10'), '10.64.0.10');
  assert.ok(certificate.checkIP('fd00::a'));
  assert.equal(certificate.checkHost('other.danube.internal'), undefined);
  assert.equal(certificate.checkIP('10.64.0.11'), undefined);
});

test('a TLS client that knows the authority accepts the server, and refuses one of another authority', async (context) => {
  const authority = await createAuthority('Danube test');
  const { certificate, key } = await issueCertificate(authority, ['127.0.0.1']);
  const server = tls.createServer({ cert: certificate, key }, (socket) => socket.end('hello'));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const connect = async (ca: string) => {
    const socket = tls.connect({ host: '127.0.0.1', port, ca });
    const [data] = (await once(socket, 'data')) as [Buffer];
    return data.toString();
  };
  assert.equal(await connect(authority.certificate), 'hello');
  const other = await createAuthority('Somebody else');
  await assert.rejects(connect(other.certificate), /certificate/);
});

test('describes a certificate like openssl', async () => {
  const { certificate } = await createAuthority('Danube test');
  const { fingerprint, notAfter } = describeCertificate(certificate);
  assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assert.ok(notAfter.getTime() > Date.now());
});
