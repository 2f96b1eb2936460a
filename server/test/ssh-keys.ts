/** A valid public key for tests, a different one for each number. */
export function testKey(number: number): string {
  const type = Buffer.from('ssh-ed25519');
  const blob = Buffer.alloc(4 + type.length + 4 + 32);
  blob.writeUInt32BE(type.length, 0);
  type.copy(blob, 4);
  blob.writeUInt32BE(32, 4 + type.length);
  blob.writeUInt32BE(number, blob.length - 4);
  return `ssh-ed25519 ${blob.toString('base64')} test-${number}`;
}
