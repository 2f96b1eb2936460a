/**
 * Reads data types of the SSH wire format (RFC 4251, section 5). Throws the error that `fail` creates at the first
 * fault.
 */
export class WireReader {
  readonly #data: Buffer;
  readonly #fail: () => Error;
  #offset = 0;

  constructor(data: Buffer, fail: () => Error) {
    this.#data = data;
    this.#fail = fail;
  }

  get remaining(): number {
    return this.#data.length - this.#offset;
  }

  /** A `string`: a length in four bytes, then as many bytes. */
  bytes(): Buffer {
    if (this.remaining < 4) throw this.#fail();
    const length = this.#data.readUInt32BE(this.#offset);
    this.#offset += 4;
    if (length > this.remaining) throw this.#fail();
    const value = this.#data.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return value;
  }

  text(): string {
    return this.bytes().toString('latin1');
  }

  /** A positive `mpint` in its canonical, shortest form. */
  positiveInteger(): bigint {
    const bytes = this.bytes();
    const first = bytes[0];
    if (first === undefined || first >= 0x80) throw this.#fail();
    const padded = first === 0;
    if (padded && (bytes[1] === undefined || bytes[1] < 0x80)) throw this.#fail();
    return BigInt(`0x${bytes.toString('hex')}`);
  }
}
