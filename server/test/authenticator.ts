import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** How a device behaves that a test makes misbehave. */
export interface Behaviour {
  origin?: string;
  challenge?: string;
  /** Whether it has verified who holds it. */
  verified?: boolean;
  /** Added to the count of its uses. */
  count?: number;
}

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
const base64url = (data: string | Buffer): string => Buffer.from(data).toString('base64url');

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const HAS_KEY = 0x40;

/** A device with one passkey, in software: WebAuthn level 3, sections 6.1 and 6.5, without attestation. */
export class SoftAuthenticator {
  readonly #origin: string;
  readonly #id = randomBytes(16);
  readonly #privateKey: KeyObject;
  readonly #coseKey: Buffer;
  #host = '';
  #userHandle = '';
  #uses = 0;

  constructor(origin: string) {
    this.#origin = origin;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#privateKey = privateKey;
    const { x, y } = publicKey.export({ format: 'jwk' });
    this.#coseKey = coseKey(Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url'));
  }

  /** What `navigator.credentials.create()` gives, as JSON. */
  create(
    options: { challenge: string; rp: { id: string }; user: { id: string } },
    behaviour: Behaviour = {},
  ) {
    this.#host = options.rp.id;
    this.#userHandle = options.user.id;
    const idLength = Buffer.alloc(2);
    idLength.writeUInt16BE(this.#id.length);
    const made = Buffer.concat([Buffer.alloc(16), idLength, this.#id, this.#coseKey]);
    const authData = Buffer.concat([this.#authData(HAS_KEY, behaviour), made]);
    return {
      ...this.#credential(),
      response: {
        clientDataJSON: this.#clientData('webauthn.create', options.challenge, behaviour),
        attestationObject: base64url(attestation(authData)),
        transports: ['internal'],
      },
    };
  }

  /** What `navigator.credentials.get()` gives, as JSON. */
  get(options: { challenge: string }, behaviour: Behaviour = {}) {
    this.#uses += behaviour.count ?? 1;
    const authData = this.#authData(0, behaviour);
    const clientDataJSON = this.#clientData('webauthn.get', options.challenge, behaviour);
    const signed = Buffer.concat([authData, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    return {
      ...this.#credential(),
      response: {
        clientDataJSON,
        authenticatorData: base64url(authData),
        signature: base64url(sign('sha256', signed, this.#privateKey)),
        userHandle: this.#userHandle,
      },
    };
  }

  #credential() {
    return { id: base64url(this.#id), rawId: base64url(this.#id), type: 'public-key' };
  }

  #authData(flags: number, { verified = true }: Behaviour): Buffer {
    const uses = Buffer.alloc(4);
    uses.writeUInt32BE(this.#uses);
    const all = flags | USER_PRESENT | (verified ? USER_VERIFIED : 0);
    return Buffer.concat([sha256(this.#host), Buffer.of(all), uses]);
  }

  #clientData(type: string, asked: string, { origin = this.#origin, challenge = asked }: Behaviour): string {
    return base64url(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }
}

/** CBOR of `{1: 2, 3: -7, -1: 1, -2: x, -3: y}`: a key of ES256 (RFC 9053, section 7.1). */
const coseKey = (x: Buffer, y: Buffer): Buffer =>
  Buffer.concat([Buffer.from('a5010203262001215820', 'hex'), x, Buffer.from('225820', 'hex'), y]);

/** CBOR of `{fmt: "none", attStmt: {}, authData}`. */
function attestation(authData: Buffer): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.of(0x60 + value.length), Buffer.from(value)]);
  return Buffer.concat([
    ...[Buffer.of(0xa3), text('fmt'), text('none'), text('attStmt'), Buffer.of(0xa0), text('authData')],
    ...[Buffer.of(0x58, authData.length), authData],
  ]);
}
