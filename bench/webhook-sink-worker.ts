/** A receiver of webhooks in a thread of its own. It tells on request what it got. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';

/** What a receiver got since it was asked before. */
export interface SinkReport {
  messages: number;
  /** Messages that had come before. */
  doubled: number;
  /** Milliseconds from the event to the message; 95 of 100 were faster. */
  p95: number;
}

const seen = new Set<string>();
let doubled = 0;
let delays: number[] = [];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.writeHead(204).end();
    const id = String(request.headers['webhook-id']);
    if (seen.has(id)) doubled += 1;
    seen.add(id);
    const { timestamp } = JSON.parse(Buffer.concat(chunks).toString()) as { timestamp: string };
    delays.push(Date.now() - Date.parse(timestamp));
  });
});
server.listen(0, '127.0.0.1', () => parentPort!.postMessage((server.address() as AddressInfo).port));
parentPort!.on('message', () => {
  const sorted = delays.toSorted((a, b) => a - b);
  const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  parentPort!.postMessage({ messages: seen.size, doubled, p95 } satisfies SinkReport);
  seen.clear();
  doubled = 0;
  delays = [];
});
