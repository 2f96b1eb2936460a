/**
 * The process of the front, started by `FrontProcess`: transfers of customers take no time of the API's event loop, and have a
 * core of their own. It ends with the server, however that ends.
 */
import { createFront, type Front } from './front.ts';
import { FRONT_GRACE, type FromFront, type ToFront } from './front-process.ts';

/** Milliseconds until the server is told of bytes that were let in. */
const REPORT_AFTER = 50;

let front: Front | null = null;
let state: Extract<ToFront, { kind: 'state' }> = { kind: 'state', upstream: null, room: null, counted: 0 };
let letIn = 0;
let isReporting = false;
const questions = new Map<number, (bytes: number | null) => void>();
let asked = 0;

/** What cannot be told any more ends with the channel, see below. */
const tell = (message: FromFront): void => void process.send?.(message, () => undefined);

/** Those that the server knows of are counted in what it says of the room. */
const hasRoomFor = (bytes: number): boolean =>
  state.room === null || letIn - state.counted + bytes <= state.room;

function count(bytes: number): void {
  letIn += bytes;
  if (isReporting) return;
  isReporting = true;
  setTimeout(() => {
    isReporting = false;
    tell({ kind: 'letIn', bytes: letIn });
  }, REPORT_AFTER);
}

function listen({ port, certificate }: Extract<ToFront, { kind: 'listen' }>): void {
  front = createFront({
    certificate,
    upstream: () => state.upstream,
    hasRoomFor,
    letIn: count,
    async sizeOf(source) {
      asked += 1;
      const id = asked;
      const bytes = await new Promise<number | null>((resolve) => {
        questions.set(id, resolve);
        tell({ kind: 'sizeOf', id, source });
      });
      questions.delete(id);
      if (bytes === null) throw new Error('the size of the copied object is not known');
      return bytes;
    },
  });
  front.server.once('error', ({ code = '', message }: NodeJS.ErrnoException) => {
    tell({ kind: 'refused', code, message });
    process.disconnect();
  });
  front.server.listen(port, () => tell({ kind: 'listening' }));
}

async function close(graceMs: number): Promise<void> {
  if (front?.server.listening) await front.close(graceMs);
  process.exit(0);
}

process.on('message', (message: ToFront) => {
  if (message.kind === 'listen') listen(message);
  else if (message.kind === 'certificate') front?.renew(message.certificate);
  else if (message.kind === 'state') state = message;
  else if (message.kind === 'size') questions.get(message.id)?.(message.bytes);
  else void close(message.graceMs);
});
process.once('disconnect', () => void close(FRONT_GRACE));
// They reach the whole group of processes. The server ends this one once requests in progress have had their time.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
