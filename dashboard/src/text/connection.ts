/** What the test of a connection says. */
export const connectionText = {
  title: 'Test the connection',
  about: 'From the host, as a program would: with the certificate and the password.',
  run: 'Test connection',
  again: 'Test again',
  works: (endpoint: string) => `Programs that may reach ${endpoint} can use it.`,
  steps: { address: 'Address', tcp: 'Port', tls: 'Encryption', sign_in: 'Sign-in', query: 'Query' } as Record<
    string,
    string
  >,
  states: { ok: 'Works', failed: 'Failed', skipped: 'Not tried' } as Record<string, string>,
  took: (milliseconds: number) => `(${milliseconds} ms)`,
};
