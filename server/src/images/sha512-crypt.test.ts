import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha512Crypt } from './sha512-crypt.ts';

/** The first vector is from the specification; the others are the output of `openssl passwd -6`. */
const VECTORS: readonly (readonly [password: string, salt: string, digest: string])[] = [
  [
    'Hello world!',
    'saltstring',
    'svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  ['a', 'x', '6Zqbz8j5rMHIeJ1ujjjFXuZXSa/VORj.fVUEQcJc.rjR9.wCKlhZuymRQLtIEzcxNmqwX/fRNvM45BbvFayY51'],
  [
    'pässwörd-längër-than-sixty-four-bytes-so-that-the-stretching-is-really-tested-ok',
    '0123456789abcdef',
    'RocwSVIE/h/xF.uQ9Q/ZUlfk0R2ZpdYXqzh0K.ovtaJWEXyxCQCZ5tGYWRF5JY0fsG3kYwkw9UF3OrBrwPPpI.',
  ],
  [
    'x'.repeat(200),
    'ab',
    'omzZb0bmJoRBt5rynstCYhtCkj5Pnaxr7/OBLY7H0ohGwnKPkfLLo1GLkoPb.oJKhfU9ZEA.dchxWSflGL.eh/',
  ],
];

test('hashes as specified', async () => {
  for (const [password, salt, digest] of VECTORS) {
    assert.equal(await sha512Crypt(password, salt), `$6$${salt}$${digest}`);
  }
});

test('uses another salt each time', async () => {
  assert.notEqual(await sha512Crypt('same password'), await sha512Crypt('same password'));
});
