import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { PublicKeyError } from './key-text.ts';
import { parsePublicKey } from './public-key.ts';

const run = promisify(execFile);

/** A `string` of the SSH wire format. */
const field = (data: Buffer | string): Buffer => {
  const bytes = Buffer.from(data as string, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const line = (type: string, ...fields: Buffer[]): string =>
  `${type} ${Buffer.concat([field(type), ...fields]).toString('base64')}`;
const refused = (text: string, reason: RegExp): void =>
  assert.throws(
    () => parsePublicKey(text),
    (error) => error instanceof PublicKeyError && reason.test(error.message),
  );

describe('SSH public keys', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'danube-keys-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function generate(name: string, ...args: string[]): Promise<string> {
    const file = path.join(folder, name);
    await run('ssh-keygen', ['-q', '-N', '', '-C', 'ada at work', '-f', file, ...args]);
    return readFile(`${file}.pub`, 'utf8');
  }

  async function fingerprint(text: string): Promise<string> {
    const file = path.join(folder, 'shown.pub');
    await writeFile(file, `${text}\n`);
    const { stdout } = await run('ssh-keygen', ['-lf', file]);
    return stdout.split(' ')[1]!;
  }

  const kinds: [string, string[]][] = [
    ['ssh-ed25519', ['-t', 'ed25519']],
    ['ecdsa-sha2-nistp256', ['-t', 'ecdsa', '-b', '256']],
    ['ecdsa-sha2-nistp384', ['-t', 'ecdsa', '-b', '384']],
    ['ecdsa-sha2-nistp521', ['-t', 'ecdsa', '-b', '521']],
    ['ssh-rsa', ['-t', 'rsa', '-b', '2048']],
  ];
  for (const [type, args] of kinds) {
    it(`accepts ${type} with the fingerprint that ssh-keygen prints`, async () => {
      const text = await generate(type, ...args);
      const key = parsePublicKey(text);
      assert.equal(key.type, type);
      assert.equal(key.line, text.trim());
      assert.equal(key.comment, 'ada at work');
      assert.equal(key.fingerprint, await fingerprint(text.trim()));
    });
  }

  it('accepts security keys as ssh-keygen does', async () => {
    const ed25519 = line('sk-ssh-ed25519@openssh.com', field(Buffer.alloc(32, 7)), field('ssh:'));
    assert.equal(parsePublicKey(ed25519).fingerprint, await fingerprint(ed25519));
    const plain = await generate('sk-point', '-t', 'ecdsa', '-b', '256');
    const point = Buffer.from(plain.split(' ')[1]!, 'base64').subarray(-65);
    const ecdsa = line('sk-ecdsa-sha2-nistp256@openssh.com', field('nistp256'), field(point), field('ssh:'));
    assert.equal(parsePublicKey(ecdsa).fingerprint, await fingerprint(ecdsa));
  });

  for (const type of ['ed25519', 'rsa', 'ecdsa']) {
    it(`reads an ${type} key in the SSH2 format, wrapped, and among comments`, async () => {
      const good = (await generate(`formats-${type}`, '-t', type)).trim();
      const { stdout } = await run('ssh-keygen', ['-e', '-f', path.join(folder, `formats-${type}.pub`)]);
      const { fingerprint } = parsePublicKey(good);
      assert.match(stdout, /^---- BEGIN SSH2 PUBLIC KEY ----\nComment: /);
      const converted = parsePublicKey(stdout.replace('Comment: "', 'Subject: ada\nComment: "on \\\n'));
      assert.equal(converted.fingerprint, fingerprint);
      assert.match(converted.comment, /^on .*from OpenSSH/);
      refused(`${stdout}${stdout}`, /keys/);
      refused(stdout.replace(/\n.*\n---- END/, '\n---- END'), /damaged/);
      for (const width of [30, 64, 76, 80]) {
        const wrapped = good.replace(new RegExp(`.{${width}}`, 'g'), '$&\r\n');
        assert.equal(parsePublicKey(wrapped).fingerprint, fingerprint);
      }
      assert.equal(parsePublicKey(good.replaceAll(' ', '\n')).line, good);
      assert.equal(parsePublicKey(`\uFEFF# my laptop\n\n${good}\n# end\n`).line, good);
    });
  }

  it('rejects what is not exactly one public key', async () => {
    const good = (await generate('good', '-t', 'ed25519')).trim();
    refused(await readFile(path.join(folder, 'good'), 'utf8'), /private key/);
    refused(`${good}\n${good}`, /2 keys.*one key at a time/);
    refused(`PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n`, /private key.*for pasting/);
    refused('-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----', /PEM.*ssh-keygen -i/);
    refused(good.split(' ')[1]!, /type in front.*missing/);
    refused(`command="ls" ${good}`, /Options/);
    refused(`no-pty,command="a b" ${good}`, /Options/);
    refused('ssh-ed25519', /missing/);
    refused('ssh-ed25519 !!!!', /base64/);
    refused('hello world', /not an OpenSSH public key/);
    refused('', /not an OpenSSH public key/);
    refused('constructor AAAA', /not an OpenSSH public key/);
    refused(`ssh-dss ${good.split(' ')[1]}`, /DSA/);
    refused(`${good.slice(0, 40)}`, /base64|cut off/);
    const [, endless] = line('ssh-rsa', ...Array<Buffer>(1000).fill(field(''))).split(' ');
    refused(`---- BEGIN SSH2 PUBLIC KEY ----\n${endless}\n---- END SSH2 PUBLIC KEY ----`, /damaged/);
  });

  it('rejects keys with wrong contents', async () => {
    const good = (await generate('inside', '-t', 'ed25519')).trim().split(' ')[1]!;
    refused(`ssh-rsa ${good}`, /another type/);
    refused(line('ssh-ed25519', field(Buffer.alloc(31))), /32 bytes/);
    refused(line('ssh-ed25519', field(Buffer.alloc(32)), field('x')), /extra data/);
    refused(line('ecdsa-sha2-nistp256', field('nistp384'), field(Buffer.alloc(65, 4))), /curve/);
    refused(line('ecdsa-sha2-nistp256', field('nistp256'), field(Buffer.alloc(64, 4))), /uncompressed/);
    refused(line('ecdsa-sha2-nistp256', field('nistp256'), field(Buffer.alloc(65, 4))), /not on the curve/);
    refused(line('sk-ssh-ed25519@openssh.com', field(Buffer.alloc(32)), field('')), /application/);
  });

  it('rejects weak and malformed RSA keys', async () => {
    refused(await generate('rsa1024', '-t', 'rsa', '-b', '1024'), /1024 bits.*2048/);
    const modulus = Buffer.concat([Buffer.of(0), Buffer.alloc(256, 0xff)]);
    const even = Buffer.concat([Buffer.of(0), Buffer.alloc(255, 0xff), Buffer.of(0xfe)]);
    refused(line('ssh-rsa', field(Buffer.of(1)), field(modulus)), /exponent/);
    refused(line('ssh-rsa', field(Buffer.of(3)), field(even)), /even/);
    refused(line('ssh-rsa', field(Buffer.of(0, 3)), field(modulus)), /damaged/);
    refused(line('ssh-rsa', field(Buffer.of(3)), field(modulus.subarray(1))), /damaged/);
    refused(
      line('ssh-rsa', field(Buffer.of(3)), field(Buffer.concat([Buffer.of(1), Buffer.alloc(2048)]))),
      /16384/,
    );
  });

  it('answers any text with a key or a reason', async () => {
    const good = (await generate('mutated', '-t', 'ecdsa', '-b', '256')).trim();
    const damaged = fc
      .tuple(fc.nat(good.length - 1), fc.string({ maxLength: 3 }))
      .map(([at, text]) => good.slice(0, at) + text + good.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), damaged), (text) => {
        try {
          assert.match(parsePublicKey(text).fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/);
        } catch (error) {
          assert.ok(error instanceof PublicKeyError, String(error));
        }
      }),
    );
  });
});
