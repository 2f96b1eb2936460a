/** The process that sends the requests of `load.ts`, given as JSON in its argument. */
import { randomBytes } from 'node:crypto';
import autocannon from 'autocannon';
import type { Load, LoadResult } from './load.ts';

const { url, tokens, connections, seconds, known, signed } = JSON.parse(process.argv[2]!) as Load;
const tag = known === undefined ? {} : { 'if-none-match': known };
const body = signed && signed.method === 'PUT' ? { body: randomBytes(signed.bytes) } : {};
const result = await autocannon({
  url,
  connections,
  duration: seconds,
  ...(signed ? { tlsOptions: { ca: signed.ca } } : {}),
  requests: signed
    ? signed.paths.map((path) => ({ method: signed.method, path, ...body }))
    : tokens.map((token) => ({ headers: { authorization: `Bearer ${token}`, ...tag } })),
});
const answers = Object.entries(result.statusCodeStats ?? {}).map(([status, { count }]) => [status, count]);
process.send!({
  rps: result.requests.average,
  p99: result.latency.p99,
  answers: Object.fromEntries(answers),
  errors: result.errors,
} satisfies LoadResult);
