import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { RequestPage, RequestRecord, S3Method } from '../contract.ts';
import { isPlatformKey } from './names.ts';
import { gatewayAddress, REQUESTS_PORT, type StoreRow } from './row.ts';

/** What `guest/requests` answers. */
interface Answer {
  requests: readonly Line[];
  position: string;
  partial: boolean;
  /** Whether requests after the position were deleted, because the log was full. */
  lost: boolean;
}

type Line = readonly [
  time: string,
  bucket: string,
  key: string | null,
  accessKey: string | null,
  method: string,
  status: number,
  sent: number,
  received: number,
  milliseconds: number,
];

const TIMEOUT = 30_000;
const METHODS: ReadonlySet<string> = new Set(['GET', 'PUT', 'DELETE', 'HEAD'] satisfies S3Method[]);

/**
 * A page of the log of the install’s own gateway, as `StoreStatistics.readRequests` gives it, without the requests of the
 * platform itself. Throws `unreachable`.
 */
export async function readRequestLog(
  row: StoreRow,
  after: string | null,
  limit: number,
  log: Log,
): Promise<RequestPage> {
  const query = new URLSearchParams({ after: after ?? '', limit: String(limit) });
  const url = `http://${gatewayAddress(row)}:${REQUESTS_PORT}/requests?${query}`;
  const headers = { 'x-danube-token': row.credentials.keysToken };
  let answer: Answer;
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    answer = (await response.json()) as Answer;
  } catch (cause) {
    const message = 'The log of requests cannot be read at this moment.';
    throw new DataPlaneError('unreachable', message, { detail: url, cause });
  }
  if (answer.lost) log.warn({ after }, 'the log of requests was full: some were not counted');
  const requests = answer.requests.filter(([, , , accessKey]) => !isPlatformKey(accessKey)).map(recordOf);
  return { requests, position: answer.position, isPartial: answer.partial };
}

const recordOf = ([
  time,
  bucket,
  objectKey,
  accessKeyId,
  method,
  status,
  sent,
  received,
  ms,
]: Line): RequestRecord => ({
  at: new Date(time),
  bucket,
  objectKey,
  accessKeyId,
  method: METHODS.has(method) ? (method as S3Method) : 'OTHER',
  status,
  egressBytes: sent,
  ingressBytes: received,
  milliseconds: ms,
});
